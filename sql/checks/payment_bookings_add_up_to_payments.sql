-- severity: fail
-- scope: batch
-- harm: The books would hold other payments than the orders list.
with entries as (
    select
        account,
        order_id,
        channel,
        payment_method,
        paid_date,
        payment_count,
        payment_amount
    from stored.fct_payment_bookings
    where kind <> 'refund'
    union all
    select
        account,
        order_id,
        channel,
        payment_method,
        paid_date,
        -count(*) as payment_count,
        -coalesce(try_cast(sum(payment_amount) as decimal(18, 2)), 0) as payment_amount
    from stored.fct_payments
    where order_class = 'sale'
    group by account, order_id, channel, payment_method, paid_date
)

select
    account,
    order_id,
    channel,
    payment_method,
    paid_date,
    sum(payment_count) as payment_count_apart,
    sum(payment_amount) as payment_amount_apart
from entries
group by account, order_id, channel, payment_method, paid_date
having sum(payment_count) <> 0 or sum(payment_amount) <> 0
