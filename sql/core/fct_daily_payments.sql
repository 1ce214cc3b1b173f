-- grain: one row per account, business date of the order, channel, order class and payment method
-- key: account, business_date, channel, order_class, payment_method
-- rebuild: by date
with events as (
    select * from core.order_payment_methods
),

receipts as (
    select * from core.fct_receipts
    where business_date in (select business_date from increments.affected_dates)
),

numbered as (
    select
        events.account,
        events.event_date as business_date,
        events.channel,
        events.order_class,
        events.payment_method,
        events.is_refund,
        events.payment_count,
        events.payment_amount,
        events.refund_amount,
        receipts.receipt_number,
        -- by prefix, then by counter, those without a counter last
        row(
            receipts.receipt_prefix,
            coalesce(receipts.receipt_counter, 9223372036854775807),
            receipts.receipt_number
        ) as receipt_place
    from events
    left join receipts
        on
            events.account = receipts.account
            and events.order_id = receipts.order_id
            and not events.is_refund
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        order_class,
        payment_method,
        -- payments
        cast(sum(payment_count) as bigint) as payment_count,
        coalesce(try_cast(sum(payment_amount) as decimal(18, 2)), 0) as payment_amount,
        count(*) filter (where not is_refund) as order_count,
        -- refunds observed on the date
        count(*) filter (where is_refund) as refund_count,
        coalesce(try_cast(sum(refund_amount) as decimal(18, 2)), 0) as refund_amount,
        -- receipts
        count(receipt_number) as receipt_count,
        arg_min(receipt_number, receipt_place) filter (where receipt_number is not null)
            as first_receipt_number,
        arg_max(receipt_number, receipt_place) filter (where receipt_number is not null)
            as last_receipt_number
    from numbered
    group by account, business_date, channel, order_class, payment_method
)

select * from final
