-- grain: one row per shipment of an order's latest version
-- key: account, order_id
-- rebuild: by order
with shipments as (
    select * from staging.stg_shipments
    where is_latest
),

final as (
    select
        -- keys
        account,
        order_id,
        shipment_id,
        -- service
        service_id,
        service_name,
        tracking_number,
        gross_amount as shipping_gross_amount,
        time_min_seconds,
        time_max_seconds,
        shipment_name,
        external_key,
        -- attributes of the order
        channel,
        order_class,
        business_date
    from shipments
)

select * from final
