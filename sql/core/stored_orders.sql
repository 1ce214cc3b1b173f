-- grain: one row per order of the batch in core.fct_orders
-- key: account, order_id
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
-- Joined by the order alone, so that DuckDB skips what it does not need; the account is compared
-- after.
select
    facts.account,
    facts.order_id,
    facts.channel,
    facts.invoice_number,
    facts.customer_id,
    facts.user_id,
    facts.state,
    facts.is_draft,
    facts.is_canceled,
    facts.is_closed,
    facts.is_refunded,
    facts.is_shipped,
    facts.is_delivered,
    facts.is_test_print,
    facts.is_paid,
    facts.order_class,
    facts.ordered_at,
    facts.completed_at,
    facts.business_date,
    facts.item_count,
    facts.quantity,
    facts.items_gross_amount,
    facts.items_net_amount,
    facts.items_vat_amount,
    facts.shipping_gross_amount,
    facts.amount_paid,
    facts.payment_count,
    facts.payments_amount,
    facts.balance_class,
    facts.last_seen_at,
    facts.version_count,
    facts.content_hash,
    facts.currency_code,
    facts.discount_amount,
    facts.published_gross_amount,
    facts.billing_address_id,
    facts.shipping_address_id,
    facts.refund_date
from core.fct_orders as facts
inner join staging.batch_orders as batch on facts.order_id = batch.order_id
where nullif(facts.account, batch.account) is null
