-- grain: one row per order and VAT rate of an order's latest version
-- key: account, order_id, tax_rate
-- rebuild: by order
with orders as (
    select * from staging.stg_orders
    where is_latest
),

sums as (
    select * from core.rate_sums
    where superseded_version = 0
),

rates as (
    select * from core.version_vat
),

final as (
    select
        sums.account,
        sums.order_id,
        sums.tax_rate,
        try_cast(sums.gross_amount as decimal(18, 2)) as gross_amount,
        try_cast(sums.net_amount as decimal(18, 2)) as net_amount,
        try_cast(sums.vat_amount as decimal(18, 2)) as vat_amount,
        sums.line_count,
        orders.channel,
        orders.order_class,
        orders.business_date,
        rates.shipping_gross_amount,
        rates.shipping_net_amount,
        rates.shipping_vat_amount,
        rates.refund_quantity,
        rates.refund_gross_amount as refund_amount,
        rates.refund_net_amount,
        rates.refund_vat_amount
    from orders
    inner join sums
        on orders.account = sums.account and orders.order_id = sums.order_id
    inner join rates
        on
            orders.account = rates.account
            and orders.order_id = rates.order_id
            and orders.version_number = rates.version_number
            and coalesce(sums.tax_rate, -1) = coalesce(rates.tax_rate, -1)
)

select * from final
