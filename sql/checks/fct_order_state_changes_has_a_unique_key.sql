-- severity: fail
-- scope: batch
-- harm: Fulfilment times would be taken from the wrong change.
select
    facts.account,
    facts.order_id,
    facts.version_number,
    facts.state_bit,
    count(*) as row_count
from core.stored_state_changes as facts
group by facts.account, facts.order_id, facts.version_number, facts.state_bit
having count(*) > 1
