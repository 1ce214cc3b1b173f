-- severity: fail
-- scope: build
-- harm: The share of walk-in sales would be wrong.
with made as (
    select
        account,
        month,
        channel,
        order_count,
        gross_amount,
        customer_order_count,
        customer_gross_amount
    from marts.walk_in_sales
),

facts as (
    select
        account,
        date_trunc('month', business_date) as month,
        channel,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        sum(customer_order_count) as customer_order_count,
        try_cast(sum(customer_gross_amount) as decimal(18, 2)) as customer_gross_amount
    from core.fct_daily_sales
    group by account, date_trunc('month', business_date), channel
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.month, facts.month) as month,
    coalesce(made.channel, facts.channel) as channel,
    made.order_count,
    facts.order_count as fact_order_count,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount,
    made.customer_order_count,
    facts.customer_order_count as fact_customer_order_count,
    made.customer_gross_amount,
    facts.customer_gross_amount as fact_customer_gross_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.month is not distinct from facts.month
        and made.channel is not distinct from facts.channel
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.customer_order_count, 0) <> coalesce(facts.customer_order_count, 0)
    or coalesce(made.customer_gross_amount, 0) <> coalesce(facts.customer_gross_amount, 0)
