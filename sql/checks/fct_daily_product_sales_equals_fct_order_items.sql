-- severity: fail
-- scope: build
-- harm: A product would show other sales than its lines add up to.
-- equals: ops.fct_daily_product_sales by account, business_date, channel, product_id
select
    account,
    business_date,
    channel,
    product_id,
    count(distinct order_id) as order_count,
    count(*) as line_count,
    try_cast(sum(quantity) as decimal(12, 3)) as quantity,
    try_cast(sum(line_gross_amount) as decimal(18, 2)) as gross_amount,
    try_cast(sum(line_net_amount) as decimal(18, 2)) as net_amount,
    try_cast(sum(line_vat_amount) as decimal(18, 2)) as vat_amount,
    try_cast(
        sum(coalesce(discount_amount, 0) + coalesce(order_discount_amount, 0)) as decimal(18, 2)
    ) as discount_amount
from core.fct_order_items
where
    order_class = 'sale'
    and business_date in (select business_date from increments.affected_product_days)
    and (business_date, product_id) in (
        select (business_date, product_id)
        from increments.affected_product_days
    )
group by account, business_date, channel, product_id
