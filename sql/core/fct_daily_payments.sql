-- grain: one row per account, business date of the order, channel, order class and payment method
-- key: account, business_date, channel, order_class, payment_method
-- rebuild: by date
with events as (
    select * from core.order_payment_methods
),

receipts as (
    select * from core.fct_receipts
    where (account, business_date) in (
        select
            account,
            business_date
        from core.affected_dates
    )
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
        row_number() over (
            partition by
                events.account,
                events.event_date,
                events.channel,
                events.order_class,
                events.payment_method,
                events.is_refund,
                receipts.order_id is null
            order by
                receipts.receipt_prefix,
                receipts.receipt_counter,
                receipts.receipt_number,
                events.order_id
        ) as receipt_rank
    from events
    left join receipts
        on
            events.account = receipts.account
            and events.order_id = receipts.order_id
            and not events.is_refund
),

ranked as (
    select
        *,
        max(case when receipt_number is not null then receipt_rank end) over (
            partition by account, business_date, channel, order_class, payment_method
        ) as last_receipt_rank
    from numbered
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
        cast(sum(case when is_refund then 0 else payment_count end) as bigint) as payment_count,
        coalesce(
            try_cast(
                sum(case when not is_refund then payment_amount end) as decimal(18, 2)
            ),
            0
        ) as payment_amount,
        count(*) filter (where not is_refund) as order_count,
        -- refunds observed on the date
        count(*) filter (where is_refund) as refund_count,
        coalesce(try_cast(sum(refund_amount) as decimal(18, 2)), 0) as refund_amount,
        -- receipts
        count(receipt_number) as receipt_count,
        max(case when receipt_rank = 1 then receipt_number end) as first_receipt_number,
        max(case when receipt_rank = last_receipt_rank then receipt_number end)
            as last_receipt_number
    from ranked
    group by account, business_date, channel, order_class, payment_method
)

select * from final
