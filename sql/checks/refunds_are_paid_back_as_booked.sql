-- severity: fail
-- scope: batch
-- harm: More or less money would leave the drawer than was refunded.
with entries as (
    select
        account,
        order_id,
        version_number,
        booking_date,
        channel,
        payment_amount
    from stored.fct_payment_bookings
    where kind = 'refund'
    union all
    select
        account,
        order_id,
        version_number,
        booking_date,
        channel,
        -gross_amount as payment_amount
    from stored.fct_bookings
    where kind = 'refund'
)

select
    account,
    order_id,
    version_number,
    booking_date,
    channel,
    sum(payment_amount) as payment_amount_apart
from entries
group by account, order_id, version_number, booking_date, channel
having sum(payment_amount) <> 0
