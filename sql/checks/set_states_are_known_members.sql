-- severity: fail
-- scope: batch
-- harm: A state would have no name.
select
    states.account,
    states.order_id,
    states.state_bit
from stored.bridge_order_states as states
left join core.dim_order_state as dims on states.state_bit = dims.state_bit
where dims.state_bit is null and states.state_bit < 1024
