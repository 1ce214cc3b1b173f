-- severity: fail
-- scope: build
-- harm: A customer would show other sales than the days add up to.
with made as (
    select
        account,
        customer_id,
        order_count,
        gross_amount,
        refund_amount
    from marts.customers
),

facts as (
    select
        account,
        customer_id,
        sum(order_count) as order_count,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(refund_amount) as decimal(18, 2)) as refund_amount
    from core.fct_daily_customer_sales
    where customer_id is not null
    group by account, customer_id
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.customer_id, facts.customer_id) as customer_id,
    made.order_count,
    facts.order_count as fact_order_count,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount,
    made.refund_amount,
    facts.refund_amount as fact_refund_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.customer_id is not distinct from facts.customer_id
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
