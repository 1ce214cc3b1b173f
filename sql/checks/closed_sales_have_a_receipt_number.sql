-- severity: warn
-- scope: batch
-- harm: A closed sale without a number cannot be matched with its receipt.
select
    orders.account,
    orders.order_id,
    'no invoice_number' as detail,
    orders.items_gross_amount as amount
from stored.fct_orders as orders
where orders.order_class = 'sale' and orders.is_closed and orders.invoice_number is null
