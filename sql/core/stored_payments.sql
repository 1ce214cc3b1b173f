-- grain: one row per payment of the batch's orders in core.fct_payments
-- key: account, order_id, payment_number
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
-- Joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after.
select
    facts.account,
    facts.order_id,
    facts.payment_number,
    facts.payment_method,
    facts.amount,
    facts.channel,
    facts.order_class
from core.fct_payments as facts
inner join staging.batch_orders as batch on facts.order_id = batch.order_id
where nullif(facts.account, batch.account) is null
