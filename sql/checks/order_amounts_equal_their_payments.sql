-- severity: fail
-- scope: batch
-- harm: Orders would show other payments than the daily closing.
with payments as (
    select
        payments.account,
        payments.order_id,
        count(*) as payment_count,
        sum(payments.amount) as amount
    from core.fct_payments as payments
    inner join staging.batch_orders as batch
        on payments.account = batch.account and payments.order_id = batch.order_id
    group by payments.account, payments.order_id
)

select
    orders.account,
    orders.order_id,
    orders.payment_count,
    payments.payment_count as listed_count,
    orders.payments_amount,
    payments.amount as listed_amount
from core.fct_orders as orders
inner join staging.batch_orders as batch
    on orders.account = batch.account and orders.order_id = batch.order_id
left join payments on orders.account = payments.account and orders.order_id = payments.order_id
where
    orders.payment_count <> coalesce(payments.payment_count, 0)
    or orders.payments_amount <> coalesce(payments.amount, 0)
