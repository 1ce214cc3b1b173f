-- severity: fail
-- scope: build
-- harm: A customer would show other sales than the orders add up to.
-- equals: ops.fct_daily_customer_sales by account, business_date, channel, customer_id
select
    account,
    business_date,
    channel,
    customer_id,
    count(*) as order_count,
    try_cast(sum(quantity) as decimal(12, 3)) as quantity,
    try_cast(sum(items_gross_amount) as decimal(18, 2)) as gross_amount,
    try_cast(sum(items_net_amount) as decimal(18, 2)) as net_amount,
    try_cast(sum(refund_amount) as decimal(18, 2)) as refunded_sales_amount
from core.fct_orders
where
    order_class = 'sale'
    and business_date in (select business_date from increments.affected_customer_days)
    and (business_date, customer_id) in (
        select (business_date, customer_id)
        from increments.affected_customer_days
    )
group by account, business_date, channel, customer_id
