-- grain: one row per product that any version of an order ever named
-- key: account, product_id
-- rebuild: newest
-- newest: sold_at, order_id, version_number, line_number
with items as (
    select * from staging.stg_order_items
    where product_id is not null
),

accounts as (
    select account from staging.stg_orders
    group by account
),

final as (
    select
        -- keys
        account,
        product_id,
        -- attributes
        product_name,
        product_code,
        tax_rate,
        unit_gross_amount,
        -- the line that they come from
        sold_at,
        order_id,
        version_number,
        line_number
    from items
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
