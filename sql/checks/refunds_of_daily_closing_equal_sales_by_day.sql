-- severity: fail
-- scope: build
-- harm: Refunds of the daily closing would not tie to the sales of the day.
with made as (
    select
        account,
        business_date,
        channel,
        sum(refund_count) as refund_count,
        try_cast(sum(refund_amount) as decimal(18, 2)) as refund_amount
    from marts.daily_closing
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel
),

facts as (
    select
        account,
        business_date,
        channel,
        refund_count,
        refund_amount
    from marts.sales_by_day
    where business_date in (select business_date from increments.affected_dates)
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    made.refund_count,
    facts.refund_count as fact_refund_count,
    made.refund_amount,
    facts.refund_amount as fact_refund_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
where
    coalesce(made.refund_count, 0) <> coalesce(facts.refund_count, 0)
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
