-- severity: fail
-- scope: build
-- harm: A customer would show other refunds than the orders add up to.
-- equals: ops.fct_daily_customer_sales by account, business_date, channel, customer_id
select
    account,
    refund_date as business_date,
    channel,
    customer_id,
    count(*) as refund_count,
    try_cast(sum(refund_amount) as decimal(18, 2)) as refund_amount
from core.fct_orders
where
    order_class = 'sale'
    and refund_date in (select business_date from increments.affected_customer_days)
    and (refund_date, customer_id) in (
        select (business_date, customer_id)
        from increments.affected_customer_days
    )
group by account, refund_date, channel, customer_id
