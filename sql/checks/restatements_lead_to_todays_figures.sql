-- severity: fail
-- scope: build
-- harm: The way from the closing to the figures of today would have a gap.
with made as (
    select
        account,
        business_date,
        channel,
        count(*) as change_count,
        try_cast(sum(gross_amount_change) as decimal(18, 2)) as gross_amount_change,
        sum(order_count - order_count_before) as order_count_change,
        try_cast(sum(refund_amount - refund_amount_before) as decimal(18, 2))
            as refund_amount_change
    from marts.restatements
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel
),

facts as (
    select
        account,
        business_date,
        channel,
        change_count,
        try_cast(gross_amount - closed_gross_amount as decimal(18, 2)) as gross_amount_change,
        order_count - closed_order_count as order_count_change,
        try_cast(refund_amount - closed_refund_amount as decimal(18, 2)) as refund_amount_change
    from marts.closed_days
    where business_date in (select business_date from increments.affected_dates)
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    made.change_count,
    facts.change_count as fact_change_count,
    made.gross_amount_change,
    facts.gross_amount_change as fact_gross_amount_change,
    made.order_count_change,
    facts.order_count_change as fact_order_count_change,
    made.refund_amount_change,
    facts.refund_amount_change as fact_refund_amount_change
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
where
    coalesce(made.change_count, 0) <> coalesce(facts.change_count, 0)
    or coalesce(made.gross_amount_change, 0) <> coalesce(facts.gross_amount_change, 0)
    or coalesce(made.order_count_change, 0) <> coalesce(facts.order_count_change, 0)
    or coalesce(made.refund_amount_change, 0) <> coalesce(facts.refund_amount_change, 0)
