-- grain: one row per payment of a version
-- key: account, order_id, version_number, payment_number
with payments as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        channel,
        order_class,
        business_date as order_date,
        unnest(payment_list) as payment,
        cast(generate_subscripts(payment_list, 1) as integer) as payment_number
    from staging.stg_orders
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
        amount_of(amount_sent) as amount,
        plausible(paid_moment) as paid_at
    from moments
),

final as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        payment_number,
        whole_of(payment.id) as payment_id,
        coalesce(text_of(payment.payment_method), 'unknown') as payment_method,
        amount,
        paid_at,
        coalesce(business_date_of(paid_at), order_date) as business_date,
        text_of(payment.transaction_id) as transaction_id,
        text_of(payment.transaction_duration) as transaction_duration,
        text_of(payment.external_payment_method) as external_payment_method,
        text_of(payment.paypal_invoice_id) as paypal_invoice_id,
        text_of(payment.paypal_tab_id) as paypal_tab_id,
        -- of the order
        channel,
        order_class,
        -- for the findings: as sent what was not taken as it stands
        case when is_odd_amount(amount_sent, amount) then amount_sent end as amount_sent,
        case when paid_at is null then paid_at_sent end as paid_at_sent
    from typed
)

select * from final
