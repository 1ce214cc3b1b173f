-- severity: fail
-- scope: build
-- harm: Shipments would be missing from the figures of their month.
with made as (
    select
        account,
        channel,
        sum(order_count) as order_count,
        sum(shipped_order_count) as shipped_order_count,
        sum(waiting_order_count) as waiting_order_count
    from marts.fulfilment
    group by account, channel
),

facts as (
    select
        account,
        channel,
        count(*) as order_count,
        count(*) filter (where is_shipped) as shipped_order_count,
        count(*) filter (where is_waiting) as waiting_order_count
    from core.fct_fulfilment
    group by account, channel
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.channel, facts.channel) as channel,
    made.order_count,
    facts.order_count as fact_order_count,
    made.shipped_order_count,
    facts.shipped_order_count as fact_shipped_order_count,
    made.waiting_order_count,
    facts.waiting_order_count as fact_waiting_order_count
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.channel is not distinct from facts.channel
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.shipped_order_count, 0) <> coalesce(facts.shipped_order_count, 0)
    or coalesce(made.waiting_order_count, 0) <> coalesce(facts.waiting_order_count, 0)
