-- severity: fail
-- scope: build
-- harm: A month would show other sales of a product than its days add up to.
with made as (
    select
        account,
        month,
        channel,
        product_id,
        order_count,
        gross_amount,
        net_amount
    from marts.product_sales_by_month
),

facts as (
    select
        account,
        date_trunc('month', business_date) as month,
        channel,
        product_id,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from core.fct_daily_product_sales
    group by account, date_trunc('month', business_date), channel, product_id
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.month, facts.month) as month,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.product_id, facts.product_id) as product_id,
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
        and made.month is not distinct from facts.month
        and made.channel is not distinct from facts.channel
        and made.product_id is not distinct from facts.product_id
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
