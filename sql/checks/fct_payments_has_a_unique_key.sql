-- severity: fail
-- scope: batch
-- rows: kept
-- harm: A payment would count twice in the daily closing.
select
    facts.account,
    facts.order_id,
    facts.payment_number,
    count(*) as row_count
from core.fct_payments as facts
inner join staging.batch_orders as batch
    on facts.account = batch.account and facts.order_id = batch.order_id
group by facts.account, facts.order_id, facts.payment_number
having count(*) > 1
