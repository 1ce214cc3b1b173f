-- grain: one row per order of the batch and VAT rate in core.fct_order_vat
-- key: account, order_id, tax_rate
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
-- Joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after.
select
    facts.account,
    facts.order_id,
    facts.tax_rate,
    facts.gross_amount,
    facts.net_amount,
    facts.vat_amount,
    facts.line_count,
    facts.channel,
    facts.order_class,
    facts.business_date
from core.fct_order_vat as facts
inner join staging.batch_orders as batch on facts.order_id = batch.order_id
where nullif(facts.account, batch.account) is null
