-- severity: fail
-- scope: build
-- harm: An hour would show other sales than its orders add up to.
-- equals: ops.fct_hourly_sales by account, business_date, channel, hour_of_day
select
    account,
    business_date,
    channel,
    shop_hour_of(coalesce(completed_at, ordered_at, first_seen_at)) as hour_of_day,
    count(*) as order_count,
    try_cast(sum(quantity) as decimal(12, 3)) as quantity,
    try_cast(sum(items_gross_amount) as decimal(18, 2)) as gross_amount,
    try_cast(sum(items_net_amount) as decimal(18, 2)) as net_amount
from core.fct_orders
where
    order_class = 'sale'
    and business_date in (select business_date from increments.affected_dates)
group by
    account,
    business_date,
    channel,
    shop_hour_of(coalesce(completed_at, ordered_at, first_seen_at))
