-- grain: one row per account, business date, channel and hour of the shop's clock with a sale
-- key: account, business_date, channel, hour_of_day
-- rebuild: by date
-- equals: core.fct_hourly_sales by account, business_date, channel, hour_of_day
-- harm: An hour would show other sales than its orders add up to.
with hourly as (
    select * from core.fct_hourly_sales
    where business_date in (select business_date from increments.affected_dates)
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        hour_of_day,
        -- attributes
        weekday_of(business_date) as weekday,
        -- sales
        order_count,
        item_quantity,
        gross_amount,
        net_amount
    from hourly
)

select * from final
