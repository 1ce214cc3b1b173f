-- severity: warn
-- scope: batch
-- harm: Shipping follows the rate of the goods, but the order has none that can be read: no VAT is
--   reckoned on it.
select
    orders.account,
    orders.order_id,
    'shipment.cost is ' || orders.shipping_gross_amount || ', but no line has a VAT rate' as detail,
    orders.shipping_gross_amount as amount
from staging.stg_orders as orders
inner join core.version_vat as rates
    on
        orders.account = rates.account
        and orders.order_id = rates.order_id
        and orders.version_number = rates.version_number
where
    orders.is_latest
    and shipping_follows_goods()
    and rates.is_first_rate
    and rates.tax_rate is null
    and rates.shipping_gross_amount <> 0
