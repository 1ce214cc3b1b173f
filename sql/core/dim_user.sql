-- grain: one row per till user that any version of an order ever named
-- key: account, user_id
-- rebuild: newest
-- newest: seen_at, seen_load_id, seen_seq, seen_order_id
with orders as (
    select
        orders.account,
        orders.order_id,
        orders.seen_at,
        orders.seen_load_id,
        orders.seen_seq,
        coalesce(orders.user_id, earlier.user_id) as user_id
    from staging.stg_orders as orders
    left join staging.earlier_users as earlier
        on
            orders.account = earlier.account
            and orders.order_id = earlier.order_id
            and orders.version_number = earlier.version_number
),

final as (
    select
        -- keys
        account,
        user_id,
        -- attributes
        'Benutzer ' || cast(user_id as varchar) as label_de,
        'User ' || cast(user_id as varchar) as label_en,
        -- the version that named the user last
        seen_at,
        seen_load_id,
        seen_seq,
        order_id as seen_order_id
    from orders
    where user_id is not null
    union all
    select
        account,
        -1 as user_id,
        'Unbekannt' as label_de,
        'Unknown' as label_en,
        timestamptz '1970-01-01 00:00:00+00' as seen_at,
        '' as seen_load_id,
        -1 as seen_seq,
        -1 as seen_order_id
    from orders
    group by account
)

select * from final
