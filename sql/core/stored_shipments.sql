-- grain: one row per shipment of the batch's orders in core.fct_shipments
-- key: account, order_id
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
-- Joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after.
select
    facts.account,
    facts.order_id,
    facts.service_id,
    facts.service_name,
    facts.tracking_number,
    facts.gross_amount,
    facts.time_max_seconds,
    facts.channel,
    facts.order_class,
    facts.business_date
from core.fct_shipments as facts
inner join staging.batch_orders as batch on facts.order_id = batch.order_id
where nullif(facts.account, batch.account) is null
