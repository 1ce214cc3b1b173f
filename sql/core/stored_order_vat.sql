-- grain: one row per order of the batch and VAT rate in core.fct_order_vat
-- key: account, order_id, tax_rate
-- rebuild: stored
select
    account,
    order_id,
    tax_rate,
    gross_amount,
    net_amount,
    vat_amount,
    line_count,
    channel,
    order_class,
    business_date
from core.fct_order_vat
