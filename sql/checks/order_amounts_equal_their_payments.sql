-- severity: fail
-- scope: batch
-- harm: Orders would show other payments than the daily closing.
with payments as (
    select
        payments.account,
        payments.order_id,
        count(*) as payment_count,
        sum(payments.payment_amount) as amount
    from stored.fct_payments as payments
    group by payments.account, payments.order_id
)

select
    orders.account,
    orders.order_id,
    orders.payment_count,
    payments.payment_count as listed_count,
    orders.payments_amount,
    payments.amount as listed_amount
from stored.fct_orders as orders
left join payments on orders.account = payments.account and orders.order_id = payments.order_id
where
    orders.payment_count <> coalesce(payments.payment_count, 0)
    or orders.payments_amount <> coalesce(payments.amount, 0)
