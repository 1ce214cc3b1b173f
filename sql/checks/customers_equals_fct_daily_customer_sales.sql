-- severity: fail
-- scope: build
-- harm: A customer would show other sales than the days add up to.
-- equals: marts.customers by account, customer_id
select
    account,
    customer_id,
    sum(order_count) as order_count,
    try_cast(sum(quantity) as decimal(12, 3)) as quantity,
    try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
    try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
    try_cast(sum(refunded_sales_amount) as decimal(18, 2)) as refund_amount
from ops.fct_daily_customer_sales
where customer_id is not null
group by account, customer_id
