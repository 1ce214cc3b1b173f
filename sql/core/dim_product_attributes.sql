-- grain: one row per product that any version of an order ever named
-- key: account, product_id
-- rebuild: newest
-- newest: sold_at, order_id, version_number, line_number
with orders as (
    select * from staging.stg_orders
),

items as (
    select * from staging.stg_order_items
    where product_id is not null
),

accounts as (
    select account from orders
    group by account
),

final as (
    select
        -- keys
        items.account,
        items.product_id,
        -- attributes
        items.product_name,
        items.product_code,
        items.tax_rate,
        items.unit_gross_amount,
        -- the line that they come from
        coalesce(orders.completed_at, orders.ordered_at, orders.seen_at) as sold_at,
        items.order_id,
        items.version_number,
        items.line_number
    from items
    inner join orders
        on
            items.account = orders.account
            and items.order_id = orders.order_id
            and items.version_number = orders.version_number
    union all
    select
        account,
        -1 as product_id,
        'Ohne Artikel' as product_name,
        cast(null as varchar) as product_code,
        cast(null as decimal(6, 3)) as tax_rate,
        cast(null as decimal(18, 2)) as unit_gross_amount,
        timestamptz '1970-01-01 00:00:00+00' as sold_at,
        -1 as order_id,
        0 as version_number,
        0 as line_number
    from accounts
)

select * from final
