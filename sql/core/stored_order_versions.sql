-- grain: one row per version of the batch's orders in core.fct_order_versions
-- key: account, order_id, version_number
-- rebuild: stored
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
