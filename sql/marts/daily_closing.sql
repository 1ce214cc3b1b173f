-- grain: one row per account, business date, channel and payment method
-- key: account, business_date, channel, payment_method
-- rebuild: view
-- equals: core.fct_daily_payments by account, business_date, channel, payment_method
--   where order_class = 'sale'
-- harm: The daily closing would show other payments than the orders list.
with payments as (
    select * from core.fct_daily_payments
    where order_class = 'sale'
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        payment_method,
        -- payments of the date's sales
        payment_count,
        payment_amount,
        -- refunds observed on the date
        refund_count,
        refund_amount,
        -- receipts of the date's sales
        order_count,
        receipt_count,
        first_receipt_number,
        last_receipt_number
    from payments
)

select * from final
