-- severity: fail
-- scope: build
-- harm: Refunded sales would be missing.
with made as (
    select
        account,
        refund_date,
        channel,
        count(*) as refund_count,
        try_cast(sum(refund_amount) as decimal(18, 2)) as refund_amount
    from marts.refunds
    group by account, refund_date, channel
),

facts as (
    select
        account,
        business_date as refund_date,
        channel,
        refund_count,
        refund_amount
    from core.fct_daily_sales
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.refund_date, facts.refund_date) as refund_date,
    coalesce(made.channel, facts.channel) as channel,
    made.refund_count,
    facts.refund_count as fact_refund_count,
    made.refund_amount,
    facts.refund_amount as fact_refund_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.refund_date is not distinct from facts.refund_date
        and made.channel is not distinct from facts.channel
where
    coalesce(made.refund_count, 0) <> coalesce(facts.refund_count, 0)
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
