-- severity: fail
-- scope: build
-- harm: An hour would show other sales than its orders add up to.
with made as (
    select
        account,
        business_date,
        channel,
        hour_of_day,
        order_count,
        gross_amount
    from marts.sales_by_day_and_hour
    where business_date in (select business_date from increments.affected_dates)
),

facts as (
    select
        account,
        business_date,
        channel,
        hour_of_day,
        order_count,
        gross_amount
    from core.fct_hourly_sales
    where business_date in (select business_date from increments.affected_dates)
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.hour_of_day, facts.hour_of_day) as hour_of_day,
    made.order_count,
    facts.order_count as fact_order_count,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
        and made.hour_of_day is not distinct from facts.hour_of_day
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
