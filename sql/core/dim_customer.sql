-- grain: one row per customer that any version of an order ever named
-- key: account, customer_id
-- rebuild: newest
-- newest: seen_at, seen_load_id, seen_seq, seen_order_id
with customers as (
    select * from staging.stg_customers
    where customer_id is not null
),

final as (
    select
        -- keys
        account,
        customer_id,
        -- attributes
        nullif(
            trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''
        ) as customer_name,
        company,
        title,
        first_name,
        middle_name,
        last_name,
        email,
        zipcode,
        city,
        country_code,
        customer_channel,
        billing_address_id,
        -- the version that they come from
        seen_at,
        seen_load_id,
        seen_seq,
        order_id as seen_order_id
    from customers
)

select * from final
