-- severity: fail
-- scope: build
-- harm: Cohorts would leave customers out.
with made as (
    select
        account,
        sum(order_count) as order_count,
        sum(case when month_number = 0 then customer_count else 0 end) as customer_count
    from marts.cohorts
    group by account
),

facts as (
    select
        account,
        sum(order_count) as order_count,
        count(*) as customer_count
    from marts.customers
    group by account
)

select
    coalesce(made.account, facts.account) as account,
    made.order_count,
    facts.order_count as fact_order_count,
    made.customer_count,
    facts.customer_count as fact_customer_count
from made
full outer join facts
    on
        made.account is not distinct from facts.account
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.customer_count, 0) <> coalesce(facts.customer_count, 0)
