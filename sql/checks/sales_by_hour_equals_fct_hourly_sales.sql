-- severity: fail
-- scope: build
-- harm: The rhythm of the week would leave sales out.
with made as (
    select
        account,
        channel,
        weekday,
        hour_of_day,
        order_count,
        gross_amount,
        net_amount
    from marts.sales_by_hour
),

facts as (
    select
        hourly.account,
        hourly.channel,
        days.weekday,
        hourly.hour_of_day,
        sum(hourly.order_count) as order_count,
        try_cast(sum(hourly.gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(hourly.net_amount) as decimal(18, 2)) as net_amount
    from core.fct_hourly_sales as hourly
    inner join core.dim_date as days on hourly.business_date = days.business_date
    group by hourly.account, hourly.channel, days.weekday, hourly.hour_of_day
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.weekday, facts.weekday) as weekday,
    coalesce(made.hour_of_day, facts.hour_of_day) as hour_of_day,
    made.order_count,
    facts.order_count as fact_order_count,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount,
    made.net_amount,
    facts.net_amount as fact_net_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.channel is not distinct from facts.channel
        and made.weekday is not distinct from facts.weekday
        and made.hour_of_day is not distinct from facts.hour_of_day
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
