-- grain: one row per state change of the batch's orders in core.fct_order_state_changes
-- key: account, order_id, version_number, state_bit
-- rebuild: stored
select
    account,
    order_id,
    state_bit,
    change,
    version_number
from core.fct_order_state_changes
