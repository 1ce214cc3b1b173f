-- grain: one row per address that any version of an order ever named
-- key: account, address_id
-- rebuild: newest
-- newest: seen_at, seen_load_id, seen_seq, seen_order_id, address_number
with addresses as (
    select * from staging.stg_addresses
),

anonymised as (
    select * from staging.anonymised_addresses
),

final as (
    select
        -- keys
        account,
        address_id,
        customer_id,
        -- attributes
        address_kind,
        company,
        title,
        first_name,
        last_name,
        address1,
        address2,
        zipcode,
        city,
        state as region,
        country_code,
        -- the version that they come from
        seen_at,
        seen_load_id,
        seen_seq,
        order_id as seen_order_id,
        address_number
    from addresses
    union all
    select
        account,
        address_id,
        customer_id,
        address_kind,
        cast(null as varchar) as company,
        cast(null as varchar) as title,
        cast(null as varchar) as first_name,
        cast(null as varchar) as last_name,
        cast(null as varchar) as address1,
        cast(null as varchar) as address2,
        cast(null as varchar) as zipcode,
        cast(null as varchar) as city,
        cast(null as varchar) as region,
        cast(null as varchar) as country_code,
        seen_at,
        seen_load_id,
        seen_seq,
        order_id as seen_order_id,
        address_number
    from anonymised
)

select * from final
