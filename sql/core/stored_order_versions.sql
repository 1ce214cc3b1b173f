-- grain: one row per version of the batch's orders in core.fct_order_versions
-- key: account, order_id, version_number
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
-- Joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after.
select
    facts.account,
    facts.order_id,
    facts.version_number,
    facts.state,
    facts.content_hash,
    facts.valid_from,
    facts.valid_to,
    facts.load_id,
    facts.channel,
    facts.order_class,
    facts.business_date,
    facts.item_quantity,
    facts.items_gross_amount,
    facts.items_net_amount,
    facts.items_vat_amount,
    facts.shipping_gross_amount,
    facts.amount_paid,
    facts.is_latest,
    facts.refund_date
from core.fct_order_versions as facts
inner join staging.batch_orders as batch on facts.order_id = batch.order_id
where nullif(facts.account, batch.account) is null
