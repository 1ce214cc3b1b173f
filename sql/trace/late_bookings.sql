-- grain: one row per order and later day on whose books changes of it stand
-- marts: restatements
select
    account,
    order_id,
    business_date,
    channel,
    booking_date,
    sum(order_count) as order_count,
    sum(quantity) as quantity,
    sum(gross_amount) as gross_amount,
    sum(net_amount) as net_amount,
    sum(vat_amount) as vat_amount,
    sum(shipping_gross_amount) as shipping_gross_amount,
    1 as changed_order_count
from core.fct_bookings
where is_late
group by account, order_id, business_date, channel, booking_date
