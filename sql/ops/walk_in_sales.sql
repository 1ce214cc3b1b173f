-- grain: one row per account, month and channel with a sale
-- key: account, month, channel
-- rebuild: full
-- equals: ops.fct_daily_sales
--   by account, month = date_trunc('month', business_date), channel
-- harm: The share of walk-in sales would be wrong.
with daily as (
    select * from ops.fct_daily_sales
    where order_count > 0
),

totals as (
    select
        account,
        month_of(business_date) as month,
        channel,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(customer_order_count) as bigint) as customer_order_count,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(customer_gross_amount) as decimal(18, 2)), 0)
            as customer_gross_amount
    from daily
    group by account, month_of(business_date), channel
),

apart as (
    select
        account,
        month,
        channel,
        order_count,
        gross_amount,
        customer_order_count,
        customer_gross_amount,
        order_count - customer_order_count as walk_in_order_count,
        coalesce(try_cast(gross_amount - customer_gross_amount as decimal(18, 2)), 0)
            as walk_in_gross_amount
    from totals
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
        -- sales with a customer
        customer_order_count,
        customer_gross_amount,
        -- sales without one
        walk_in_order_count,
        walk_in_gross_amount,
        ratio_of(walk_in_order_count, order_count) as walk_in_order_ratio,
        ratio_of(cents_of(walk_in_gross_amount), cents_of(gross_amount)) as walk_in_gross_ratio
    from apart
)

select * from final
