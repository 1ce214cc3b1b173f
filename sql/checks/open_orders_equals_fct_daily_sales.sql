-- severity: fail
-- scope: build
-- harm: Open orders would be missing, or closed ones shown as open.
-- equals: ops.fct_daily_sales by account, channel
select
    account,
    channel,
    count(*) as open_order_count
from marts.open_orders
group by account, channel
