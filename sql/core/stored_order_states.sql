-- grain: one row per order of the batch and state bit in core.bridge_order_states
-- key: account, order_id, state_bit
-- rebuild: stored
select
    account,
    order_id,
    state_bit
from core.bridge_order_states
