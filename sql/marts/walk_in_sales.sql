-- grain: one row per account, month and channel with a sale
-- key: account, month, channel
-- rebuild: full
with daily as (
    select * from core.fct_daily_customer_sales
    where order_count > 0
),

totals as (
    select
        account,
        month_of(business_date) as month,
        channel,
        cast(sum(order_count) as bigint) as order_count,
        cast(coalesce(sum(order_count) filter (where customer_id is null), 0) as bigint)
            as walk_in_order_count,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(
            try_cast(sum(gross_amount) filter (where customer_id is null) as decimal(18, 2)), 0
        ) as walk_in_gross_amount,
        count(distinct customer_id) as customer_count
    from daily
    group by account, month_of(business_date), channel
),

final as (
    select
        -- keys
        account,
        month,
        channel,
        -- sales
        order_count,
        gross_amount,
        -- sales without a customer
        walk_in_order_count,
        walk_in_gross_amount,
        ratio_of(walk_in_order_count, order_count) as walk_in_order_ratio,
        ratio_of(cents_of(walk_in_gross_amount), cents_of(gross_amount)) as walk_in_gross_ratio,
        -- known customers
        customer_count
    from totals
)

select * from final
