-- severity: fail
-- scope: build
-- harm: Hours would add up to other sales than their day.
with made as (
    select
        account,
        business_date,
        channel,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount
    from core.fct_hourly_sales
    where (account, business_date) in (select
        account,
        business_date
    from core.affected_dates)
    group by account, business_date, channel
),

facts as (
    select
        account,
        business_date,
        channel,
        order_count,
        gross_amount
    from core.fct_daily_sales
    where (account, business_date) in (select
        account,
        business_date
    from core.affected_dates)
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
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
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
