-- grain: one row per account, business date, channel and hour of the shop's clock with a sale
-- key: account, business_date, channel, hour_of_day
-- rebuild: view
-- equals: ops.fct_hourly_sales by account, business_date, channel, hour_of_day
-- harm: An hour would show other sales than its orders add up to.
with hourly as (
    select * from ops.fct_hourly_sales
),

days as (
    select * from core.dim_date
),

final as (
    select
        -- keys
        hourly.account,
        hourly.business_date,
        hourly.channel,
        hourly.hour_of_day,
        -- attributes
        days.weekday,
        -- sales
        hourly.order_count,
        hourly.quantity,
        hourly.gross_amount,
        hourly.net_amount
    from hourly
    left join days on hourly.business_date = days.business_date
)

select * from final
