-- severity: fail
-- scope: batch
-- rows: kept
-- harm: An order would have a state twice.
select
    facts.account,
    facts.order_id,
    facts.state_bit,
    count(*) as row_count
from core.bridge_order_states as facts
inner join staging.batch_orders as batch
    on facts.account = batch.account and facts.order_id = batch.order_id
group by facts.account, facts.order_id, facts.state_bit
having count(*) > 1
