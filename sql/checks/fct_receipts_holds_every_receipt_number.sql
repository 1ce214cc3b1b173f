-- severity: fail
-- scope: batch
-- harm: A receipt number would look missing although an order has it.
with made as (
    select
        facts.account,
        facts.order_id,
        1 as number_count
    from core.fct_receipts as facts
    inner join staging.batch_orders as batch
        on facts.account = batch.account and facts.order_id = batch.order_id
),

facts as (
    select
        orders.account,
        orders.order_id,
        1 as number_count
    from stored.fct_orders as orders
    where orders.invoice_number is not null
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.order_id, facts.order_id) as order_id,
    made.number_count,
    facts.number_count as fact_number_count
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.order_id is not distinct from facts.order_id
where
    coalesce(made.number_count, 0) <> coalesce(facts.number_count, 0)
