-- grain: one row per account, booking date, channel and payment method
-- key: account, booking_date, channel, payment_method
-- rebuild: view
with bookings as (
    select
        *,
        kind = 'refund' as is_refund,
        kind = 'sale' and receipt_number is not null as has_receipt,
        row(length(receipt_number), receipt_number) as receipt_place
    from core.fct_payment_bookings
),

payment_methods as (
    select * from core.dim_payment_method
),

closed as (
    select
        -- keys
        account,
        booking_date,
        channel,
        payment_method,
        -- payments, those of canceled and corrected sales taken back
        cast(coalesce(sum(payment_count), 0) as bigint) as payment_count,
        coalesce(
            try_cast(sum(payment_amount) filter (where not is_refund) as decimal(18, 2)), 0
        ) as payment_amount,
        -- refunds
        coalesce(
            try_cast(-sum(payment_amount) filter (where is_refund) as decimal(18, 2)), 0
        ) as refund_amount,
        -- receipts of sales that were rung up
        count(distinct order_id) filter (where kind = 'sale') as order_count,
        count(distinct order_id) filter (where has_receipt) as receipt_count,
        arg_min(receipt_number, receipt_place) filter (where has_receipt) as first_receipt_number,
        arg_max(receipt_number, receipt_place) filter (where has_receipt) as last_receipt_number
    from bookings
    group by account, booking_date, channel, payment_method
),

final as (
    select
        closed.*,
        payment_methods.label_de as payment_label
    from closed
    left join payment_methods on closed.payment_method = payment_methods.payment_method
)

select * from final
