-- severity: fail
-- scope: batch
-- harm: A state would have no name.
select
    states.account,
    states.order_id,
    states.state_bit
from core.bridge_order_states as states
inner join staging.batch_orders as batch
    on states.account = batch.account and states.order_id = batch.order_id
left join core.dim_order_state as dims on states.state_bit = dims.state_bit
where dims.state_bit is null and states.state_bit < 1024
