-- grain: one row per version of the batch's orders in core.fct_order_versions
-- key: account, order_id, version_number
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
select
    account,
    order_id,
    version_number,
    state,
    content_hash,
    valid_from,
    valid_to,
    load_id,
    channel,
    order_class,
    business_date,
    item_quantity,
    items_gross_amount,
    items_net_amount,
    items_vat_amount,
    shipping_gross_amount,
    amount_paid,
    is_latest,
    refund_date
from core.fct_order_versions
where
    (account, order_id) in (
        select
            account,
            order_id
        from staging.batch_orders
    )
