-- grain: one row per shipping service that any version of an order ever named
-- key: account, service_id
-- rebuild: newest
-- newest: seen_at, seen_load_id, seen_seq, seen_order_id
with shipments as (
    select * from staging.stg_shipments
    where service_id is not null
),

accounts as (
    select account from staging.stg_orders
    group by account
),

final as (
    select
        -- keys
        account,
        service_id,
        -- attributes
        service_name,
        time_min_seconds,
        time_max_seconds,
        -- the version that they come from
        seen_at,
        seen_load_id,
        seen_seq,
        order_id as seen_order_id
    from shipments
    union all
    select
        account,
        -1 as service_id,
        'Unbekannt' as service_name,
        cast(null as bigint) as time_min_seconds,
        cast(null as bigint) as time_max_seconds,
        timestamptz '1970-01-01 00:00:00+00' as seen_at,
        '' as seen_load_id,
        -1 as seen_seq,
        -1 as seen_order_id
    from accounts
)

select * from final
