-- severity: fail
-- scope: build
-- harm: Open orders would be missing, or closed ones shown as open.
with made as (
    select
        account,
        channel,
        count(*) as open_order_count
    from marts.open_orders
    group by account, channel
),

facts as (
    select
        account,
        channel,
        sum(open_order_count) as open_order_count
    from core.fct_daily_sales
    group by account, channel
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.channel, facts.channel) as channel,
    made.open_order_count,
    facts.open_order_count as fact_open_order_count
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.channel is not distinct from facts.channel
where
    coalesce(made.open_order_count, 0) <> coalesce(facts.open_order_count, 0)
