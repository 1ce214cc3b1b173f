-- grain: one row per order that is neither paid, canceled nor refunded
-- key: account, order_id
-- rebuild: full
-- copies: core.fct_orders by account, order_id; core.dim_customer by account, customer_id
with orders as (
    select * from core.fct_orders
    where order_class = 'open' and not is_refunded
),

known as (
    select
        account,
        max(closed_through_date) + 1 as known_date
    from ops.fct_crawl_status
    group by account
),

people as (
    select * from core.dim_customer
),

aged as (
    select
        orders.*,
        -- not below 0, as of an order of a day to come
        cast(
            greatest(
                date_diff(
                    'day', orders.business_date, coalesce(known.known_date, orders.business_date)
                ),
                0
            ) as integer
        ) as age_days
    from orders
    left join known on orders.account = known.account
),

final as (
    select
        -- keys
        aged.account,
        aged.order_id,
        -- attributes
        aged.channel,
        aged.business_date,
        aged.ordered_at,
        aged.age_days,
        case
            when aged.age_days <= 7 then '0-7 days'
            when aged.age_days <= 30 then '8-30 days'
            when aged.age_days <= 90 then '31-90 days'
            else 'over 90 days'
        end as age_group,
        aged.invoice_number as receipt_number,
        aged.customer_id,
        people.customer_name,
        -- states
        aged.is_pending,
        aged.is_shipped,
        aged.is_delivered,
        -- measures
        coalesce(aged.items_gross_amount, 0) as gross_amount,
        coalesce(aged.shipping_gross_amount, 0) as shipping_gross_amount,
        coalesce(aged.payments_amount, 0) as payment_amount
    from aged
    left join people
        on aged.account = people.account and aged.customer_id = people.customer_id
)

select * from final
