-- grain: one row per basket item of the batch's orders in core.fct_order_items
-- key: account, order_id, line_number
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
-- Joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after.
select
    facts.account,
    facts.order_id,
    facts.line_number,
    facts.product_id,
    facts.quantity,
    facts.tax_rate,
    facts.unit_net_price,
    facts.unit_gross_amount,
    facts.line_gross_amount,
    facts.line_net_amount,
    facts.line_vat_amount,
    facts.discount_amount,
    facts.channel,
    facts.order_class,
    facts.business_date,
    facts.order_discount_amount,
    facts.published_gross_amount
from core.fct_order_items as facts
inner join staging.batch_orders as batch on facts.order_id = batch.order_id
where nullif(facts.account, batch.account) is null
