-- grain: one row per account, month of booking and VAT rate
-- key: account, month, tax_rate
-- rebuild: view
with bookings as (
    select * from core.fct_bookings
),

rates as (
    select
        tax_rate,
        label_de as tax_rate_label
    from core.dim_tax_rate
),

sums as (
    select
        account,
        cast(date_trunc('month', booking_date) as date) as month,
        tax_rate,
        coalesce(
            try_cast(sum(gross_amount) filter (where kind = 'sale') as decimal(18, 2)), 0
        ) as sale_gross_amount,
        coalesce(
            try_cast(sum(net_amount) filter (where kind = 'sale') as decimal(18, 2)), 0
        ) as sale_net_amount,
        coalesce(
            try_cast(sum(vat_amount) filter (where kind = 'sale') as decimal(18, 2)), 0
        ) as sale_vat_amount,
        coalesce(
            try_cast(sum(gross_amount) filter (where kind = 'refund') as decimal(18, 2)), 0
        ) as refund_gross_amount,
        coalesce(
            try_cast(sum(net_amount) filter (where kind = 'refund') as decimal(18, 2)), 0
        ) as refund_net_amount,
        coalesce(
            try_cast(sum(vat_amount) filter (where kind = 'refund') as decimal(18, 2)), 0
        ) as refund_vat_amount,
        coalesce(
            try_cast(sum(gross_amount) filter (where kind = 'cancellation') as decimal(18, 2)), 0
        ) as cancellation_gross_amount,
        coalesce(
            try_cast(sum(net_amount) filter (where kind = 'cancellation') as decimal(18, 2)), 0
        ) as cancellation_net_amount,
        coalesce(
            try_cast(sum(vat_amount) filter (where kind = 'cancellation') as decimal(18, 2)), 0
        ) as cancellation_vat_amount,
        coalesce(
            try_cast(sum(gross_amount) filter (where kind = 'correction') as decimal(18, 2)), 0
        ) as correction_gross_amount,
        coalesce(
            try_cast(sum(net_amount) filter (where kind = 'correction') as decimal(18, 2)), 0
        ) as correction_net_amount,
        coalesce(
            try_cast(sum(vat_amount) filter (where kind = 'correction') as decimal(18, 2)), 0
        ) as correction_vat_amount,
        coalesce(
            try_cast(sum(shipping_gross_amount) as decimal(18, 2)), 0
        ) as shipping_gross_amount,
        coalesce(try_cast(sum(shipping_net_amount) as decimal(18, 2)), 0) as shipping_net_amount,
        coalesce(try_cast(sum(shipping_vat_amount) as decimal(18, 2)), 0) as shipping_vat_amount,
        coalesce(
            try_cast(sum(gross_amount + shipping_gross_amount) as decimal(18, 2)), 0
        ) as gross_amount,
        coalesce(
            try_cast(sum(net_amount + shipping_net_amount) as decimal(18, 2)), 0
        ) as net_amount,
        coalesce(
            try_cast(sum(vat_amount + shipping_vat_amount) as decimal(18, 2)), 0
        ) as vat_amount
    from bookings
    group by account, cast(date_trunc('month', booking_date) as date), tax_rate
),

final as (
    select
        -- keys
        sums.account,
        sums.month,
        sums.tax_rate,
        -- attributes
        coalesce(rates.tax_rate_label, 'ohne Satz') as tax_rate_label,
        -- measures: goods by kind of booking, shipping, all together
        sums.sale_gross_amount,
        sums.sale_net_amount,
        sums.sale_vat_amount,
        sums.refund_gross_amount,
        sums.refund_net_amount,
        sums.refund_vat_amount,
        sums.cancellation_gross_amount,
        sums.cancellation_net_amount,
        sums.cancellation_vat_amount,
        sums.correction_gross_amount,
        sums.correction_net_amount,
        sums.correction_vat_amount,
        sums.shipping_gross_amount,
        sums.shipping_net_amount,
        sums.shipping_vat_amount,
        sums.gross_amount,
        sums.net_amount,
        sums.vat_amount
    from sums
    left join rates on sums.tax_rate = rates.tax_rate
)

select * from final
