-- severity: fail
-- scope: build
-- harm: A change of a closed day could not be traced to its orders.
with made as (
    select
        account,
        business_date,
        channel,
        changed_at,
        changed_order_count,
        order_count - order_count_before as order_count_change
    from marts.restatements
    where business_date in (select business_date from increments.affected_dates)
),

facts as (
    select
        account,
        business_date,
        channel,
        changed_at,
        count(*) as changed_order_count,
        sum(order_count_change) as order_count_change
    from marts.restatement_orders
    where business_date in (select business_date from increments.affected_dates)
    group by account, business_date, channel, changed_at
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.changed_at, facts.changed_at) as changed_at,
    made.changed_order_count,
    facts.changed_order_count as fact_changed_order_count,
    made.order_count_change,
    facts.order_count_change as fact_order_count_change
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
        and made.changed_at is not distinct from facts.changed_at
where
    coalesce(made.changed_order_count, 0) <> coalesce(facts.changed_order_count, 0)
    or coalesce(made.order_count_change, 0) <> coalesce(facts.order_count_change, 0)
