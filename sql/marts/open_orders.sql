-- grain: one row per order that is neither paid nor canceled
-- key: account, order_id
-- rebuild: full
with orders as (
    select * from core.fct_orders
    where order_class = 'open'
),

latest as (
    select
        account,
        max(business_date) as latest_date
    from core.fct_daily_sales
    group by account
),

people as (
    select * from core.dim_customer
),

final as (
    select
        -- keys
        orders.account,
        orders.order_id,
        -- attributes
        orders.channel,
        orders.business_date,
        orders.ordered_at,
        cast(latest.latest_date - orders.business_date as integer) as age_days,
        case
            when latest.latest_date - orders.business_date <= 7 then '0-7 days'
            when latest.latest_date - orders.business_date <= 30 then '8-30 days'
            when latest.latest_date - orders.business_date <= 90 then '31-90 days'
            else 'over 90 days'
        end as age_group,
        orders.invoice_number as receipt_number,
        orders.customer_id,
        people.customer_name,
        -- states
        orders.is_pending,
        orders.is_shipped,
        orders.is_delivered,
        -- measures
        coalesce(orders.items_gross_amount, 0) as gross_amount,
        coalesce(orders.shipping_gross_amount, 0) as shipping_gross_amount,
        coalesce(orders.payments_amount, 0) as payment_amount
    from orders
    inner join latest on orders.account = latest.account
    left join people
        on orders.account = people.account and orders.customer_id = people.customer_id
)

select * from final
