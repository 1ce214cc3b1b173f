-- grain: one row per payment of an order's latest version
-- key: account, order_id, payment_number
-- rebuild: by order
with payments as (
    select * from staging.stg_payments
),

orders as (
    select * from staging.stg_orders
),

final as (
    select
        -- keys
        payments.account,
        payments.order_id,
        payments.payment_id,
        payments.payment_method,
        -- measures
        payments.amount,
        payments.paid_at,
        payments.business_date,
        -- references
        payments.transaction_id,
        payments.external_payment_method,
        payments.paypal_invoice_id,
        payments.paypal_tab_id,
        payments.payment_number,
        payments.transaction_duration,
        -- attributes of the order
        orders.channel,
        order_class_of(orders.state, orders.content_hash) as order_class
    from payments
    inner join orders
        on
            payments.account = orders.account
            and payments.order_id = orders.order_id
            and payments.version_number = orders.version_number
    where payments.is_latest and orders.is_latest
)

select * from final
