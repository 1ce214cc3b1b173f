-- grain: one row per order, payment method and event (sale or refund) on an affected date
-- key: account, order_id, is_refund, payment_method
-- rebuild: temporary
with dates as (
    select * from increments.affected_dates
),

-- sales and refunds read the orders separately: a query that both shared would hold all of them;
-- payments are joined by the order alone, so that DuckDB skips what it does not need
orders as (
    select
        account,
        order_id,
        business_date,
        channel,
        order_class
    from core.fct_orders
    where business_date in (select business_date from dates)
),

refunds as (
    select
        account,
        order_id,
        refund_date,
        channel,
        order_class,
        items_gross_amount as refund_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date is not null
        and refund_date in (select business_date from dates)
),

paid as (
    select
        orders.account,
        orders.order_id,
        orders.business_date,
        orders.channel,
        orders.order_class,
        -- a sale without any payment is shown, under a method of its own
        coalesce(payments.payment_method, 'none') as payment_method,
        count(payments.payment_number) as payment_count,
        sum(payments.amount) as payment_amount
    from orders
    left join core.fct_payments as payments
        on
            orders.order_id = payments.order_id
            and nullif(orders.account, payments.account) is null
    where orders.order_class = 'sale' or payments.order_id is not null
    group by
        orders.account,
        orders.order_id,
        orders.business_date,
        orders.channel,
        orders.order_class,
        payments.payment_method
),

paid_back as (
    select
        refunds.account,
        refunds.order_id,
        refunds.refund_date,
        refunds.channel,
        refunds.order_class,
        refunds.refund_amount,
        coalesce(payments.payment_method, 'none') as payment_method,
        row_number() over (
            partition by refunds.account, refunds.order_id
            order by sum(payments.amount) desc nulls last, min(payments.payment_number) asc
        ) as method_rank
    from refunds
    left join core.fct_payments as payments
        on
            refunds.order_id = payments.order_id
            and nullif(refunds.account, payments.account) is null
    group by
        refunds.account,
        refunds.order_id,
        refunds.refund_date,
        refunds.channel,
        refunds.order_class,
        refunds.refund_amount,
        payments.payment_method
),

final as (
    select
        account,
        order_id,
        false as is_refund,
        business_date as event_date,
        channel,
        order_class,
        payment_method,
        payment_count,
        payment_amount,
        cast(null as decimal(18, 2)) as refund_amount
    from paid
    union all
    -- how a refund was paid out is not published: it stands under the method that paid most
    select
        account,
        order_id,
        true as is_refund,
        refund_date as event_date,
        channel,
        order_class,
        payment_method,
        0 as payment_count,
        cast(null as decimal(38, 2)) as payment_amount,
        refund_amount
    from paid_back
    where method_rank = 1
)

select * from final
