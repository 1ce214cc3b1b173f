-- severity: fail
-- scope: build
-- harm: A day without sales would look like a day that was never read.
with spans as (
    select
        daily.account,
        daily.channel,
        min(daily.business_date) as first_date,
        coalesce(max(crawls.closed_through_date) + 1, max(daily.business_date)) as last_date
    from ops.fct_daily_sales as daily
    left join ops.fct_crawl_status as crawls
        on daily.account = crawls.account and daily.channel = crawls.channel
    group by daily.account, daily.channel
),

expected as (
    select
        spans.account,
        spans.channel,
        spans.last_date,
        count(days.business_date) as day_count
    from spans
    left join core.dim_date as days
        on days.business_date between spans.first_date and spans.last_date
    group by spans.account, spans.channel, spans.last_date
),

found as (
    select
        expected.account,
        expected.channel,
        count(sales.business_date) as day_count
    from expected
    left join marts.sales_by_day as sales
        on
            expected.account = sales.account
            and expected.channel = sales.channel
            and expected.last_date >= sales.business_date
    group by expected.account, expected.channel
)

select
    expected.account,
    expected.channel,
    expected.last_date,
    expected.day_count,
    found.day_count as found_day_count
from expected
left join found on expected.account = found.account and expected.channel = found.channel
where expected.day_count <> found.day_count
