-- grain: one row per shipment of an order's latest version
-- key: account, order_id
-- rebuild: by order
with shipments as (
    select * from staging.stg_shipments
),

orders as (
    select * from staging.stg_orders
),

final as (
    select
        -- keys
        shipments.account,
        shipments.order_id,
        shipments.shipment_id,
        -- service
        shipments.service_id,
        shipments.service_name,
        shipments.tracking_number,
        shipments.gross_amount,
        shipments.time_min_seconds,
        shipments.time_max_seconds,
        shipments.shipment_name,
        shipments.external_key,
        -- attributes of the order
        orders.channel,
        order_class_of(orders.state, orders.content_hash) as order_class,
        orders.business_date
    from shipments
    inner join orders
        on
            shipments.account = orders.account
            and shipments.order_id = orders.order_id
            and shipments.version_number = orders.version_number
    where shipments.is_latest and orders.is_latest
)

select * from final
