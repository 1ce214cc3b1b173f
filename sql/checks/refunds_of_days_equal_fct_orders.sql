-- severity: fail
-- scope: build
-- harm: Refunds would be missing from the day on which they were observed.
-- equals: ops.fct_daily_sales by account, business_date, channel
select
    account,
    refund_date as business_date,
    channel,
    count(*) as refund_count,
    try_cast(sum(refund_amount) as decimal(18, 2)) as refund_amount
from core.fct_orders
where
    order_class = 'sale'
    and refund_date in (select business_date from increments.affected_dates)
group by account, refund_date, channel
