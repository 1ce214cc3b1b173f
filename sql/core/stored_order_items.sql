-- grain: one row per basket item of the batch's orders in core.fct_order_items
-- key: account, order_id, line_number
-- rebuild: stored
select
    account,
    order_id,
    line_number,
    product_id,
    quantity,
    tax_rate,
    unit_net_price,
    unit_gross_amount,
    line_gross_amount,
    line_net_amount,
    line_vat_amount,
    discount_amount,
    channel,
    order_class,
    business_date,
    order_discount_amount,
    published_gross_amount
from core.fct_order_items
