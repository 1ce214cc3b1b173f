-- grain: one row per shipment of the batch's orders in core.fct_shipments
-- key: account, order_id
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
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
where
    (account, order_id) in (
        select
            account,
            order_id
        from staging.batch_orders
    )
