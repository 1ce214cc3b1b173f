-- severity: warn
-- scope: batch
-- harm: A sum of the order is too large to be stored: it is null and missing from every report.
select
    orders.account,
    orders.order_id,
    'a sum over lines or payments is too large' as detail,
    cast(null as decimal(18, 2)) as amount
from stored.fct_orders as orders
where
    orders.quantity is null
    or orders.items_gross_amount is null
    or orders.items_net_amount is null
    or orders.items_vat_amount is null
    or orders.payments_amount is null
    or orders.published_gross_amount is null
