-- grain: one row per account, booking date, channel, VAT rate and kind of booking
-- key: account, booking_date, channel, tax_rate, kind
-- rebuild: view
with bookings as (
    select * from core.fct_bookings
),

final as (
    select
        -- keys
        account,
        booking_date,
        channel,
        tax_rate,
        kind,
        -- measures
        cast(sum(order_count) as bigint) as order_count,
        try_cast(sum(quantity) as decimal(12, 3)) as quantity,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount,
        try_cast(sum(shipping_gross_amount) as decimal(18, 2)) as shipping_gross_amount,
        try_cast(sum(shipping_net_amount) as decimal(18, 2)) as shipping_net_amount,
        try_cast(sum(shipping_vat_amount) as decimal(18, 2)) as shipping_vat_amount
    from bookings
    group by account, booking_date, channel, tax_rate, kind
)

select * from final
