-- grain: one row per payment of an order's latest version
-- key: account, order_id, payment_number
-- rebuild: by order
with payments as (
    select * from staging.stg_payments
    where is_latest
),

final as (
    select
        -- keys
        account,
        order_id,
        payment_id,
        payment_method,
        -- measures
        amount as payment_amount,
        paid_at,
        business_date as paid_date,
        -- references
        transaction_id,
        external_payment_method,
        paypal_invoice_id,
        paypal_tab_id,
        payment_number,
        transaction_duration,
        -- attributes of the order
        channel,
        order_class
    from payments
)

select * from final
