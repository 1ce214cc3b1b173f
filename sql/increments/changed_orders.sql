-- grain: one row per part of an order that figures by date are made of, among the rows that a batch
--   removes and among those that it writes: orders whose parts are not the same have changed
-- key: account, order_id
-- rebuild: changed
with orders as (
    -- without what no figure by date shows: most changes are orders that were read or sent off
    select
        * exclude (
            state,
            is_draft,
            is_pending,
            is_canceled,
            is_closed,
            is_shipped,
            is_delivered,
            is_test_print,
            is_paid,
            is_read,
            balance_class,
            receipt_pdf_url,
            last_seen_at,
            version_count,
            content_hash
        )
    from core.fct_orders
),

items as (
    select * from core.fct_order_items
),

rates as (
    select * from core.fct_order_vat
),

payments as (
    select * from core.fct_payments
),

receipts as (
    select * from ops.fct_receipts
),

parts as (
    select
        account,
        order_id,
        'order' as part,
        cast(orders as varchar) as content
    from orders
    union all
    select
        account,
        order_id,
        'item' as part,
        cast(items as varchar) as content
    from items
    union all
    select
        account,
        order_id,
        'rate' as part,
        cast(rates as varchar) as content
    from rates
    union all
    select
        account,
        order_id,
        'payment' as part,
        cast(payments as varchar) as content
    from payments
    union all
    select
        account,
        order_id,
        'receipt' as part,
        cast(receipts as varchar) as content
    from receipts
)

select * from parts
