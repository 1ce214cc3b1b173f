-- grain: one row per account, month of booking and VAT rate
-- key: account, month, tax_rate
-- rebuild: view
with days as (
    select * from marts.daily_closing_vat
),

rates as (
    select * from core.dim_tax_rate
),

months as (
    select
        account,
        cast(date_trunc('month', booking_date) as date) as month,
        tax_rate,
        try_cast(sum(sale_gross_amount) as decimal(18, 2)) as sale_gross_amount,
        try_cast(sum(sale_net_amount) as decimal(18, 2)) as sale_net_amount,
        try_cast(sum(sale_vat_amount) as decimal(18, 2)) as sale_vat_amount,
        try_cast(sum(refund_gross_amount) as decimal(18, 2)) as refund_gross_amount,
        try_cast(sum(refund_net_amount) as decimal(18, 2)) as refund_net_amount,
        try_cast(sum(refund_vat_amount) as decimal(18, 2)) as refund_vat_amount,
        try_cast(sum(cancellation_gross_amount) as decimal(18, 2)) as cancellation_gross_amount,
        try_cast(sum(cancellation_net_amount) as decimal(18, 2)) as cancellation_net_amount,
        try_cast(sum(cancellation_vat_amount) as decimal(18, 2)) as cancellation_vat_amount,
        try_cast(sum(correction_gross_amount) as decimal(18, 2)) as correction_gross_amount,
        try_cast(sum(correction_net_amount) as decimal(18, 2)) as correction_net_amount,
        try_cast(sum(correction_vat_amount) as decimal(18, 2)) as correction_vat_amount,
        try_cast(sum(shipping_gross_amount) as decimal(18, 2)) as shipping_gross_amount,
        try_cast(sum(shipping_net_amount) as decimal(18, 2)) as shipping_net_amount,
        try_cast(sum(shipping_vat_amount) as decimal(18, 2)) as shipping_vat_amount,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount
    from days
    group by account, cast(date_trunc('month', booking_date) as date), tax_rate
),

final as (
    select
        -- keys
        months.account,
        months.month,
        months.tax_rate,
        -- attributes
        coalesce(rates.label_de, 'ohne Satz') as tax_rate_label,
        -- measures: goods by kind of booking, shipping, all together
        coalesce(months.sale_gross_amount, 0) as sale_gross_amount,
        coalesce(months.sale_net_amount, 0) as sale_net_amount,
        coalesce(months.sale_vat_amount, 0) as sale_vat_amount,
        coalesce(months.refund_gross_amount, 0) as refund_gross_amount,
        coalesce(months.refund_net_amount, 0) as refund_net_amount,
        coalesce(months.refund_vat_amount, 0) as refund_vat_amount,
        coalesce(months.cancellation_gross_amount, 0) as cancellation_gross_amount,
        coalesce(months.cancellation_net_amount, 0) as cancellation_net_amount,
        coalesce(months.cancellation_vat_amount, 0) as cancellation_vat_amount,
        coalesce(months.correction_gross_amount, 0) as correction_gross_amount,
        coalesce(months.correction_net_amount, 0) as correction_net_amount,
        coalesce(months.correction_vat_amount, 0) as correction_vat_amount,
        coalesce(months.shipping_gross_amount, 0) as shipping_gross_amount,
        coalesce(months.shipping_net_amount, 0) as shipping_net_amount,
        coalesce(months.shipping_vat_amount, 0) as shipping_vat_amount,
        coalesce(months.gross_amount, 0) as gross_amount,
        coalesce(months.net_amount, 0) as net_amount,
        coalesce(months.vat_amount, 0) as vat_amount
    from months
    left join rates on months.tax_rate = rates.tax_rate
)

select * from final
