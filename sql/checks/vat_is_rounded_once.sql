-- severity: fail
-- scope: batch
-- harm: VAT would not be that of the receipt: per order and rate, the net amount must be the cent
--   next to what all goods of the rate cost without VAT.
with rates as (
    select
        rates.*,
        wide(rates.net_amount) * (100 + rates.tax_rate)
        - wide(rates.gross_amount) * 100 as miss,
        wide(rates.shipping_net_amount) * (100 + rates.tax_rate)
        - wide(rates.shipping_gross_amount) * 100 as shipping_miss,
        0.005 * (100 + rates.tax_rate) as half_a_cent
    from stored.fct_order_vat as rates
)

select
    account,
    order_id,
    tax_rate,
    gross_amount,
    net_amount,
    vat_amount,
    shipping_gross_amount,
    shipping_net_amount,
    shipping_vat_amount
from rates
where
    wide(net_amount) + wide(vat_amount) <> gross_amount
    or abs(miss) > half_a_cent
    or wide(shipping_net_amount) + wide(shipping_vat_amount) <> shipping_gross_amount
    or (
        abs(shipping_miss) > half_a_cent
        and (shipping_follows_goods() or shipping_vat_amount <> 0)
    )
