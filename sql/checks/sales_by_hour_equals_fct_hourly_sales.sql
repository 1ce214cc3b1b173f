-- severity: fail
-- scope: build
-- harm: The rhythm of the week would leave sales out.
with made as (
    select
        account,
        channel,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from marts.sales_by_hour
    group by account, channel
),

facts as (
    select
        account,
        channel,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from core.fct_hourly_sales
    group by account, channel
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.channel, facts.channel) as channel,
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
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
