-- grain: one row per version of an order that names a customer
-- key: account, order_id, version_number
with customers as (
    select
        account,
        order_id,
        version_number,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        billing_address_id,
        customer_part as customer,
        customer_part.billing_address as address
    from staging.stg_orders
    where customer_id is not null
),

final as (
    select
        account,
        order_id,
        version_number,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        code_of(customer.channel) as customer_channel,
        text_of(customer.email) as email,
        text_of(customer.title) as title,
        text_of(customer.first_name) as first_name,
        text_of(customer.middle_name) as middle_name,
        text_of(customer.last_name) as last_name,
        billing_address_id,
        case when billing_address_id is not null then text_of(address.company) end as company,
        case when billing_address_id is not null then text_of(address.zipcode) end as zipcode,
        case when billing_address_id is not null then text_of(address.city) end as city,
        case when billing_address_id is not null then text_of(address.country) end as country_code
    from customers
)

select * from final
