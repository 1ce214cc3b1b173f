-- severity: fail
-- scope: build
-- harm: A day without sales would look like a day that was never read.
with channels as (
    select
        account,
        channel,
        min(business_date) as first_date,
        max(business_date) as last_date,
        count(*) as day_count
    from marts.sales_by_day
    group by account, channel
),

span as (
    select
        account,
        min(business_date) as first_date,
        max(business_date) as last_date
    from ops.fct_daily_sales
    group by account
),

calendar as (
    select
        span.account,
        span.first_date,
        span.last_date,
        count(*) as day_count
    from span
    inner join core.dim_date as days
        on days.business_date between span.first_date and span.last_date
    group by span.account, span.first_date, span.last_date
)

select
    calendar.account,
    channels.channel,
    channels.first_date,
    channels.last_date,
    channels.day_count,
    calendar.day_count as calendar_day_count
from calendar
left join channels on calendar.account = channels.account
where
    channels.channel is null
    or channels.first_date <> calendar.first_date
    or channels.last_date <> calendar.last_date
    or channels.day_count <> calendar.day_count
