-- severity: fail
-- scope: batch
-- harm: An order would have a state twice.
select
    facts.account,
    facts.order_id,
    facts.state_bit,
    count(*) as row_count
from core.stored_order_states as facts
group by facts.account, facts.order_id, facts.state_bit
having count(*) > 1
