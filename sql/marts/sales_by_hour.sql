-- grain: one row per account, channel, weekday and hour of the shop's clock, quiet hours included
-- key: account, channel, weekday, hour_of_day
-- rebuild: full
-- equals: ops.fct_hourly_sales by account, channel,
--   weekday = date_diff('day', date '1970-01-05', business_date) % 7 + 1, hour_of_day
-- harm: The rhythm of the week would leave sales out.
with hourly as (
    select * from ops.fct_hourly_sales
),

names as (
    select
        weekday,
        weekday_name_de,
        weekday_name_en
    from core.dim_date
    group by weekday, weekday_name_de, weekday_name_en
),

-- days on which the channel sold something, by weekday
opened as (
    select
        account,
        channel,
        weekday_of(business_date) as weekday,
        count(distinct business_date) as day_count
    from hourly
    group by account, channel, weekday_of(business_date)
),

channels as (
    select
        account,
        channel
    from hourly
    group by account, channel
),

hours as (
    select unnest(generate_series(0, 23)) as hour_of_day
),

grid as (
    select
        channels.account,
        channels.channel,
        names.weekday,
        names.weekday_name_de,
        names.weekday_name_en,
        cast(hours.hour_of_day as integer) as hour_of_day
    from channels
    cross join names
    cross join hours
),

totals as (
    select
        account,
        channel,
        weekday_of(business_date) as weekday,
        hour_of_day,
        cast(sum(order_count) as bigint) as order_count,
        coalesce(try_cast(sum(quantity) as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount
    from hourly
    group by account, channel, weekday_of(business_date), hour_of_day
),

final as (
    select
        -- keys
        grid.account,
        grid.channel,
        grid.weekday,
        grid.hour_of_day,
        -- attributes
        grid.weekday_name_de,
        grid.weekday_name_en,
        -- sales
        coalesce(totals.order_count, 0) as order_count,
        coalesce(totals.quantity, 0) as quantity,
        coalesce(totals.gross_amount, 0) as gross_amount,
        coalesce(totals.net_amount, 0) as net_amount,
        -- per day on which the channel sold something
        coalesce(opened.day_count, 0) as day_count,
        average_of(coalesce(totals.gross_amount, 0), opened.day_count) as average_day_gross_amount
    from grid
    left join totals
        on
            grid.account = totals.account
            and grid.channel = totals.channel
            and grid.weekday = totals.weekday
            and grid.hour_of_day = totals.hour_of_day
    left join opened
        on
            grid.account = opened.account
            and grid.channel = opened.channel
            and grid.weekday = opened.weekday
)

select * from final
