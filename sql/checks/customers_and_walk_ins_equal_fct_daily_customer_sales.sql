-- severity: fail
-- scope: build
-- harm: Sales would belong to no customer and not to walk-ins either, or to both.
with made as (
    select
        account,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount
    from (
        select
            account,
            order_count,
            gross_amount
        from marts.customers
        union all
        select
            account,
            walk_in_order_count as order_count,
            walk_in_gross_amount as gross_amount
        from marts.walk_in_sales
    ) as parts
    group by account
),

facts as (
    select
        account,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount
    from core.fct_daily_customer_sales
    group by account
)

select
    coalesce(made.account, facts.account) as account,
    made.order_count,
    facts.order_count as fact_order_count,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
