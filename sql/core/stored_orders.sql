-- grain: one row per order of the batch in core.fct_orders
-- key: account, order_id
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
select
    account,
    order_id,
    channel,
    invoice_number,
    customer_id,
    user_id,
    state,
    is_draft,
    is_canceled,
    is_closed,
    is_refunded,
    is_shipped,
    is_delivered,
    is_test_print,
    is_paid,
    order_class,
    ordered_at,
    completed_at,
    business_date,
    item_count,
    quantity,
    items_gross_amount,
    items_net_amount,
    items_vat_amount,
    shipping_gross_amount,
    amount_paid,
    payment_count,
    payments_amount,
    balance_class,
    last_seen_at,
    version_count,
    content_hash,
    currency_code,
    discount_amount,
    published_gross_amount,
    billing_address_id,
    shipping_address_id,
    refund_date
from core.fct_orders
where
    (account, order_id) in (
        select
            account,
            order_id
        from staging.batch_orders
    )
