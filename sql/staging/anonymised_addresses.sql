-- grain: one row per address that an order of the batch named before its customer was anonymised
-- key: account, order_id, address_number, address_id

-- Whoever anonymises a customer may leave the address out, ids and all: no later version names it,
-- so that only the version that lacks it can say that nothing of it is known any more.
with versions as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        billing_address_id,
        shipping_address_id,
        customer_part
    from staging.stg_orders
    where customer_id is not null
),

changed as (
    select
        latest.account,
        latest.order_id,
        latest.seen_at,
        latest.seen_load_id,
        latest.seen_seq,
        latest.customer_id,
        earlier.version_number as earlier_version,
        customer_document(latest.customer_part) as customer,
        customer_document(earlier.customer_part) as customer_before
    from versions as latest
    inner join versions as earlier
        on
            latest.account = earlier.account
            and latest.order_id = earlier.order_id
            and latest.customer_id = earlier.customer_id
            and latest.version_number > earlier.version_number
    where
        latest.is_latest
        and latest.customer_part is distinct from earlier.customer_part
        and (earlier.billing_address_id is not null or earlier.shipping_address_id is not null)
),

anonymised as (
    select * from changed
    where
        text_of(customer.email) is null
        and text_of(customer.first_name) is null
        and text_of(customer.last_name) is null
),

parts as (
    select
        account,
        order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        earlier_version,
        'billing' as address_kind,
        0 as address_number,
        customer_before.billing_address as address
    from anonymised
    union all
    select
        account,
        order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        earlier_version,
        'shipping' as address_kind,
        cast(generate_subscripts(customer_before.shipping_address, 1) as integer) as address_number,
        unnest(customer_before.shipping_address) as address
    from anonymised
),

named as (
    select
        account,
        order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        address_kind,
        address_number,
        id_of(address.id) as address_id
    from parts
),

still_named as (
    select
        account,
        order_id,
        id_of(customer.billing_address.id) as address_id
    from anonymised
    union all
    select
        account,
        order_id,
        id_of(shipping.id) as address_id
    from (
        select
            account,
            order_id,
            unnest(customer.shipping_address) as shipping
        from anonymised
    ) as shippings
),

final as (
    select
        named.account,
        named.order_id,
        named.seen_at,
        named.seen_load_id,
        named.seen_seq,
        named.customer_id,
        named.address_kind,
        named.address_number,
        named.address_id
    from named
    left join still_named
        on
            named.account = still_named.account
            and named.order_id = still_named.order_id
            and named.address_id = still_named.address_id
    where named.address_id is not null and still_named.address_id is null
    group by
        named.account,
        named.order_id,
        named.seen_at,
        named.seen_load_id,
        named.seen_seq,
        named.customer_id,
        named.address_kind,
        named.address_number,
        named.address_id
)

select * from final
