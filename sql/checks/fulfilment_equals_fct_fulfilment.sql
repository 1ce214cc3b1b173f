-- severity: fail
-- scope: build
-- harm: Shipments would be missing from the figures of their month.
-- equals: marts.fulfilment by account, month, channel, service_id
select
    account,
    date_trunc('month', business_date) as month,
    channel,
    coalesce(service_id, -1) as service_id,
    count(*) as order_count,
    count(*) filter (where is_shipped) as shipped_order_count,
    count(*) filter (where is_delivered) as delivered_order_count,
    count(*) filter (where is_waiting) as waiting_order_count,
    try_cast(sum(shipping_gross_amount) as decimal(18, 2)) as shipping_gross_amount,
    count(seconds_to_ship) as timed_shipment_count,
    count(seconds_to_deliver) as timed_delivery_count
from ops.fct_fulfilment
group by account, date_trunc('month', business_date), channel, coalesce(service_id, -1)
