-- grain: one row per customer, or addresses without one, as orders of the batch describe it
-- key: account, order_id, seen_at, seen_load_id, seen_seq

-- Most orders describe their customer as the one before did: each description is read once.
with described as (
    select
        account,
        customer_id,
        billing_address_id,
        customer_part,
        max(
            {
                'seen_at': seen_at,
                'seen_load_id': seen_load_id,
                'seen_seq': seen_seq,
                'order_id': order_id
            }
        ) as newest
    from staging.stg_orders
    where
        customer_id is not null
        or billing_address_id is not null
        or shipping_address_id is not null
    group by account, customer_id, billing_address_id, customer_part
),

customers as (
    select
        * exclude (customer_part),
        customer_document(customer_part) as customer
    from described
),

final as (
    select
        account,
        newest.order_id,
        newest.seen_at,
        newest.seen_load_id,
        newest.seen_seq,
        customer_id,
        code_of(customer.channel) as customer_channel,
        text_of(customer.email) as email,
        text_of(customer.title) as title,
        text_of(customer.first_name) as first_name,
        text_of(customer.middle_name) as middle_name,
        text_of(customer.last_name) as last_name,
        billing_address_id,
        case when billing_address_id is not null then text_of(customer.billing_address.company)
        end as company,
        case when billing_address_id is not null then text_of(customer.billing_address.zipcode)
        end as zipcode,
        case when billing_address_id is not null then text_of(customer.billing_address.city)
        end as city,
        case when billing_address_id is not null then text_of(customer.billing_address.country)
        end as country_code,
        -- parts that have a table of their own
        customer.billing_address,
        customer.shipping_address
    from customers
)

select * from final
