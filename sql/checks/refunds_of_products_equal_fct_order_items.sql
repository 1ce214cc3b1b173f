-- severity: fail
-- scope: build
-- harm: A product would show other refunds than its lines add up to.
-- equals: ops.fct_daily_product_sales by account, business_date, channel, product_id
with refunded as (
    select
        account,
        order_id,
        refund_date
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date in (select business_date from increments.affected_product_days)
)

select
    items.account,
    refunded.refund_date as business_date,
    items.channel,
    items.product_id,
    try_cast(sum(items.refund_quantity) as decimal(12, 3)) as refund_quantity,
    try_cast(sum(items.refund_amount) as decimal(18, 2)) as refund_amount
from core.fct_order_items as items
inner join refunded
    on items.order_id = refunded.order_id and nullif(items.account, refunded.account) is null
where
    (refunded.refund_date, items.product_id) in (
        select (business_date, product_id)
        from increments.affected_product_days
    )
group by items.account, refunded.refund_date, items.channel, items.product_id
