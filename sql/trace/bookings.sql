-- grain: one row per booking
-- marts: bookings_by_day
select
    account,
    order_id,
    booking_date,
    channel,
    tax_rate,
    kind,
    order_count,
    quantity,
    gross_amount,
    net_amount,
    vat_amount,
    shipping_gross_amount,
    shipping_net_amount,
    shipping_vat_amount
from core.fct_bookings
