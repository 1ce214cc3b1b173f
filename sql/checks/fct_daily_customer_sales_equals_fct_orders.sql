-- severity: fail
-- scope: build
-- harm: A customer would show other sales than the orders add up to.
with made as (
    select
        account,
        business_date,
        channel,
        customer_id,
        order_count,
        gross_amount,
        net_amount
    from core.fct_daily_customer_sales
    where
        business_date in (select business_date from increments.affected_customer_days)
        and (business_date, customer_id) in (
            select (business_date, customer_id)
            from increments.affected_customer_days
        )
),

facts as (
    select
        account,
        business_date,
        channel,
        customer_id,
        count(*) as order_count,
        try_cast(sum(items_gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(items_net_amount) as decimal(18, 2)) as net_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and business_date in (select business_date from increments.affected_customer_days)
        and (business_date, customer_id) in (
            select (business_date, customer_id)
            from increments.affected_customer_days
        )
    group by account, business_date, channel, customer_id
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.customer_id, facts.customer_id) as customer_id,
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
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
        and made.customer_id is not distinct from facts.customer_id
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
