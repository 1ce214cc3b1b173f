-- grain: one row per customer that any version of an order ever named
-- key: account, customer_id
-- rebuild: newest
-- newest: seen_at, seen_load_id, seen_seq, seen_order_id
with customers as (
    select * from staging.stg_customers
    where customer_id is not null
),

addresses as (
    select
        account,
        address_id,
        order_id,
        version_number,
        company,
        zipcode,
        city,
        country_code
    from staging.stg_addresses
    where address_kind = 'billing'
),

final as (
    select
        -- keys
        customers.account,
        customers.customer_id,
        -- attributes
        nullif(
            trim(
                coalesce(customers.first_name, '') || ' ' || coalesce(customers.last_name, '')
            ),
            ''
        ) as customer_name,
        addresses.company,
        customers.title,
        customers.first_name,
        customers.middle_name,
        customers.last_name,
        customers.email,
        addresses.zipcode,
        addresses.city,
        addresses.country_code,
        customers.customer_channel,
        customers.billing_address_id,
        -- the version that they come from
        customers.seen_at,
        customers.seen_load_id,
        customers.seen_seq,
        customers.order_id as seen_order_id
    from customers
    left join addresses
        on
            customers.account = addresses.account
            and customers.order_id = addresses.order_id
            and customers.version_number = addresses.version_number
)

select * from final
