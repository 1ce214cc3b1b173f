-- grain: one row per shipment of the batch's orders in core.fct_shipments
-- key: account, order_id
-- rebuild: stored
select
    account,
    order_id,
    service_id,
    service_name,
    tracking_number,
    gross_amount,
    time_max_seconds,
    channel,
    order_class,
    business_date
from core.fct_shipments
