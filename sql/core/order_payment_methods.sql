-- grain: one row per order, payment method and event (sale or refund) on an affected date
-- key: account, order_id, is_refund, payment_method
-- rebuild: temporary
with dates as (
    select * from core.affected_dates
),

payments as (
    select * from core.fct_payments
),

-- sales and refunds read the orders separately: a query that both shared would hold all of them
events as (
    select
        account,
        order_id,
        false as is_refund,
        business_date as event_date,
        channel,
        order_class,
        cast(null as decimal(18, 2)) as refund_amount
    from core.fct_orders
    where (account, business_date) in (
        select
            account,
            business_date
        from dates
    )
    union all
    select
        account,
        order_id,
        true as is_refund,
        refund_date as event_date,
        channel,
        order_class,
        items_gross_amount as refund_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date is not null
        and (account, refund_date) in (
            select
                account,
                business_date
            from dates
        )
),

paid as (
    select
        events.account,
        events.order_id,
        events.is_refund,
        events.event_date,
        events.channel,
        events.order_class,
        events.refund_amount,
        -- a sale without any payment is shown, under a method of its own
        coalesce(payments.payment_method, 'none') as payment_method,
        count(payments.payment_number) as payment_count,
        sum(payments.amount) as payment_amount,
        min(payments.payment_number) as first_payment_number
    from events
    left join payments
        on events.account = payments.account and events.order_id = payments.order_id
    where events.order_class = 'sale' or payments.order_id is not null
    group by
        events.account,
        events.order_id,
        events.is_refund,
        events.event_date,
        events.channel,
        events.order_class,
        events.refund_amount,
        payments.payment_method
),

ranked as (
    select
        *,
        row_number() over (
            partition by account, order_id, is_refund
            order by payment_amount desc nulls last, first_payment_number asc
        ) as method_rank
    from paid
),

-- how a refund was paid out is not published: it stands under the method that paid most
final as (
    select * from ranked
    where not is_refund or method_rank = 1
)

select * from final
