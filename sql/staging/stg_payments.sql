-- grain: one row per payment of a version
-- key: account, order_id, version_number, payment_number
with payments as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        unnest(doc.payments) as payment,
        cast(generate_subscripts(doc.payments, 1) as integer) as payment_number
    from staging.order_documents
),

orders as (
    select * from staging.stg_orders
),

sent as (
    -- an element without any known member is no payment; a finding tells
    select
        *,
        text_of(payment.date) as paid_at_sent,
        text_of(payment.payment_amount) as amount_sent
    from payments
    where
        coalesce(
            payment.id,
            payment.payment_method,
            payment.payment_amount,
            payment.date,
            payment.transaction_id
        ) is not null
),

moments as (
    select
        *,
        moment_of(paid_at_sent) as paid_moment
    from sent
),

typed as (
    select
        *,
        plausible(paid_moment) as paid_at
    from moments
),

final as (
    select
        typed.account,
        typed.order_id,
        typed.version_number,
        typed.is_latest,
        typed.payment_number,
        whole_of(typed.payment.id) as payment_id,
        coalesce(text_of(typed.payment.payment_method), 'unknown') as payment_method,
        amount_of(typed.amount_sent) as amount,
        typed.paid_at,
        coalesce(business_date_of(typed.paid_at), orders.business_date) as business_date,
        text_of(typed.payment.transaction_id) as transaction_id,
        text_of(typed.payment.transaction_duration) as transaction_duration,
        text_of(typed.payment.external_payment_method) as external_payment_method,
        text_of(typed.payment.paypal_invoice_id) as paypal_invoice_id,
        text_of(typed.payment.paypal_tab_id) as paypal_tab_id,
        -- as sent, for the findings
        text_of(typed.payment.id) as payment_id_sent,
        typed.amount_sent,
        typed.paid_at_sent
    from typed
    inner join orders
        on
            typed.account = orders.account
            and typed.order_id = orders.order_id
            and typed.version_number = orders.version_number
)

select * from final
