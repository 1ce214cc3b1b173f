-- grain: one row per order of the batch and state bit in core.bridge_order_states
-- key: account, order_id, state_bit
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
select
    account,
    order_id,
    state_bit
from core.bridge_order_states
where
    (account, order_id) in (
        select
            account,
            order_id
        from staging.batch_orders
    )
