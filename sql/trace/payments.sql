-- grain: one row per order, booking date, channel and payment method
-- marts: daily_closing
select
    account,
    order_id,
    booking_date,
    channel,
    payment_method,
    sum(payment_count) as payment_count,
    coalesce(sum(payment_amount) filter (where kind <> 'refund'), 0) as payment_amount,
    coalesce(-sum(payment_amount) filter (where kind = 'refund'), 0) as refund_amount,
    max(case when kind = 'sale' then 1 else 0 end) as order_count,
    max(case when kind = 'sale' and receipt_number is not null then 1 else 0 end) as receipt_count
from core.fct_payment_bookings
group by account, order_id, booking_date, channel, payment_method
