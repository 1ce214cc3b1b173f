-- grain: one row per sale and VAT rate
-- marts: vat_by_month
select
    account,
    order_id,
    business_date,
    month_of(business_date) as month,
    channel,
    tax_rate,
    1 as order_count,
    gross_amount,
    net_amount,
    vat_amount,
    shipping_gross_amount,
    shipping_net_amount,
    shipping_vat_amount
from core.fct_order_vat
where order_class = 'sale'
