-- severity: fail
-- scope: batch
-- rows: kept
-- harm: Fulfilment times would be taken from the wrong change.
select
    facts.account,
    facts.order_id,
    facts.version_number,
    facts.state_bit,
    count(*) as row_count
from core.fct_order_state_changes as facts
inner join staging.batch_orders as batch
    on facts.account = batch.account and facts.order_id = batch.order_id
group by facts.account, facts.order_id, facts.version_number, facts.state_bit
having count(*) > 1
