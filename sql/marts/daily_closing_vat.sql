-- grain: one row per account, booking date, channel and VAT rate
-- key: account, booking_date, channel, tax_rate
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
        -- receipts of the day less those that were canceled
        cast(sum(order_count) as bigint) as order_count,
        -- measures: goods by kind of booking, shipping, all together
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
    group by account, booking_date, channel, tax_rate
)

select * from final
