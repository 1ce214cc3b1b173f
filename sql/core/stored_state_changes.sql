-- grain: one row per state change of the batch's orders in core.fct_order_state_changes
-- key: account, order_id, version_number, state_bit
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
select
    account,
    order_id,
    state_bit,
    change,
    observed_at,
    version_number
from core.fct_order_state_changes
where
    (account, order_id) in (
        select
            account,
            order_id
        from staging.batch_orders
    )
