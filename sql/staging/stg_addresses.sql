-- grain: one row per address of a customer as orders of the batch describe it
-- key: account, order_id, seen_at, seen_load_id, seen_seq, address_number
with billing as (
    select
        account,
        order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        'billing' as address_kind,
        0 as address_number,
        billing_address as address
    from staging.stg_customers
),

shipping as (
    select
        account,
        order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        'shipping' as address_kind,
        cast(generate_subscripts(shipping_address, 1) as integer) as address_number,
        unnest(shipping_address) as address
    from staging.stg_customers
),

addresses as (
    select * from billing
    union all
    select * from shipping
),

final as (
    select
        account,
        order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        address_kind,
        address_number,
        id_of(address.id) as address_id,
        text_of(address.country) as country_code,
        text_of(address.address1) as address1,
        text_of(address.address2) as address2,
        text_of(address.zipcode) as zipcode,
        text_of(address.city) as city,
        text_of(address.state) as state,
        text_of(address.first_name) as first_name,
        text_of(address.last_name) as last_name,
        text_of(address.company) as company,
        text_of(address.title) as title
    from addresses
)

select * from final
where address_id is not null
