-- grain: one row per account and product whose figures the new loads may change; lines without a
-- product have a row of their own, with null
-- key: account, product_id
-- rebuild: touched
with affected as (
    select * from staging.affected_orders
),

products as (
    select
        items.account,
        items.product_id
    from core.fct_order_items as items
    inner join affected
        on items.account = affected.account and items.order_id = affected.order_id
    group by items.account, items.product_id
)

select * from products
