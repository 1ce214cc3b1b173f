-- severity: fail
-- scope: build
-- harm: The daily closing would show other payments than the orders list.
-- equals: core.fct_daily_payments by account, business_date, channel, order_class,
--   payment_method where payment_count > 0
with orders as (
    select
        account,
        order_id,
        business_date,
        channel,
        order_class
    from core.fct_orders
    where business_date in (select business_date from increments.affected_dates)
),

payments as (
    select * from core.fct_payments
    where
        (account, order_id) in (
            select
                account,
                order_id
            from orders
        )
)

select
    orders.account,
    orders.business_date,
    orders.channel,
    orders.order_class,
    payments.payment_method,
    count(*) as payment_count,
    try_cast(sum(payments.amount) as decimal(18, 2)) as payment_amount
from orders
inner join payments
    on orders.account = payments.account and orders.order_id = payments.order_id
group by
    orders.account,
    orders.business_date,
    orders.channel,
    orders.order_class,
    payments.payment_method
