-- severity: fail
-- scope: batch
-- harm: Sales that are to be shipped would be missing.
with made as (
    select
        facts.account,
        count(*) as order_count,
        sum(facts.shipping_gross_amount) as shipping_gross_amount
    from core.fct_fulfilment as facts
    inner join staging.batch_orders as batch
        on facts.account = batch.account and facts.order_id = batch.order_id
    group by facts.account
),

facts as (
    select
        shipments.account,
        count(*) as order_count,
        sum(shipments.gross_amount) as shipping_gross_amount
    from stored.fct_shipments as shipments
    where shipments.order_class = 'sale'
    group by shipments.account
)

select
    coalesce(made.account, facts.account) as account,
    made.order_count,
    facts.order_count as fact_order_count,
    made.shipping_gross_amount,
    facts.shipping_gross_amount as fact_shipping_gross_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.shipping_gross_amount, 0) <> coalesce(facts.shipping_gross_amount, 0)
