-- grain: one row per state change of the batch's orders in core.fct_order_state_changes
-- key: account, order_id, version_number, state_bit
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
-- Joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after.
select
    facts.account,
    facts.order_id,
    facts.state_bit,
    facts.change,
    facts.version_number
from core.fct_order_state_changes as facts
inner join staging.batch_orders as batch on facts.order_id = batch.order_id
where nullif(facts.account, batch.account) is null
