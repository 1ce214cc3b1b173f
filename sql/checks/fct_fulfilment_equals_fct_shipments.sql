-- severity: fail
-- scope: batch
-- harm: Sales that are to be shipped would be missing.
-- equals: stored.fct_fulfilment by account, order_id
select
    shipments.account,
    shipments.order_id,
    orders.channel,
    orders.business_date,
    orders.customer_id,
    shipments.service_id,
    shipments.service_name,
    shipments.tracking_number,
    orders.is_shipped,
    orders.is_delivered,
    shipments.time_max_seconds as promised_seconds,
    coalesce(shipments.shipping_gross_amount, 0) as shipping_gross_amount
from stored.fct_shipments as shipments
inner join stored.fct_orders as orders
    on shipments.account = orders.account and shipments.order_id = orders.order_id
where orders.order_class = 'sale'
