-- grain: one row per booking
-- marts: daily_closing_vat, vat_return
select
    account,
    order_id,
    booking_date,
    month_of(booking_date) as month,
    channel,
    tax_rate,
    order_count,
    case when kind = 'sale' then gross_amount end as sale_gross_amount,
    case when kind = 'sale' then net_amount end as sale_net_amount,
    case when kind = 'sale' then vat_amount end as sale_vat_amount,
    case when kind = 'refund' then gross_amount end as refund_gross_amount,
    case when kind = 'refund' then net_amount end as refund_net_amount,
    case when kind = 'refund' then vat_amount end as refund_vat_amount,
    case when kind = 'cancellation' then gross_amount end as cancellation_gross_amount,
    case when kind = 'cancellation' then net_amount end as cancellation_net_amount,
    case when kind = 'cancellation' then vat_amount end as cancellation_vat_amount,
    case when kind = 'correction' then gross_amount end as correction_gross_amount,
    case when kind = 'correction' then net_amount end as correction_net_amount,
    case when kind = 'correction' then vat_amount end as correction_vat_amount,
    shipping_gross_amount,
    shipping_net_amount,
    shipping_vat_amount,
    gross_amount + shipping_gross_amount as gross_amount,
    net_amount + shipping_net_amount as net_amount,
    vat_amount + shipping_vat_amount as vat_amount
from core.fct_bookings
