-- grain: one row per product and business date whose figures the new loads may change
-- key: business_date, product_id
-- rebuild: touched
with affected as (
    select * from increments.changed_orders
),

lines as (
    select
        items.account,
        items.order_id,
        items.business_date,
        items.product_id
    from core.fct_order_items as items
    inner join affected
        on items.account = affected.account and items.order_id = affected.order_id
),

refunds as (
    select
        orders.account,
        orders.order_id,
        orders.refund_date
    from core.fct_orders as orders
    inner join affected
        on orders.account = affected.account and orders.order_id = affected.order_id
    where orders.refund_date is not null
),

days as (
    select
        business_date,
        product_id
    from lines
    union
    select
        refunds.refund_date as business_date,
        lines.product_id
    from lines
    inner join refunds
        on lines.account = refunds.account and lines.order_id = refunds.order_id
)

select * from days
