-- grain: one row per sale and payment method, and one per refund, under the method that paid most
-- marts: daily_closing
with orders as (
    select * from core.fct_orders
    where order_class = 'sale'
),

payments as (
    select * from core.fct_payments
),

paid as (
    select
        orders.account,
        orders.order_id,
        orders.business_date,
        orders.refund_date,
        orders.channel,
        orders.invoice_number,
        orders.items_gross_amount,
        coalesce(payments.payment_method, 'none') as payment_method,
        count(payments.payment_number) as payment_count,
        sum(payments.amount) as payment_amount,
        min(payments.payment_number) as first_payment_number
    from orders
    left join payments
        on orders.account = payments.account and orders.order_id = payments.order_id
    group by
        orders.account,
        orders.order_id,
        orders.business_date,
        orders.refund_date,
        orders.channel,
        orders.invoice_number,
        orders.items_gross_amount,
        payments.payment_method
),

ranked as (
    select
        *,
        row_number() over (
            partition by account, order_id
            order by payment_amount desc nulls last, first_payment_number asc
        ) as method_rank
    from paid
),

final as (
    select
        account,
        order_id,
        business_date,
        channel,
        payment_method,
        payment_count,
        payment_amount,
        0 as refund_count,
        cast(null as decimal(18, 2)) as refund_amount,
        1 as order_count,
        case when invoice_number is null then 0 else 1 end as receipt_count
    from ranked
    union all
    select
        account,
        order_id,
        refund_date as business_date,
        channel,
        payment_method,
        0 as payment_count,
        cast(null as decimal(18, 2)) as payment_amount,
        1 as refund_count,
        items_gross_amount as refund_amount,
        0 as order_count,
        0 as receipt_count
    from ranked
    where refund_date is not null and method_rank = 1
)

select * from final
