-- grain: one row per shipment of a version; an order has at most one
-- key: account, order_id, version_number
with shipments as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        channel,
        order_class,
        business_date,
        shipment_part as shipment
    from staging.stg_orders
    where has_shipment
),

final as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        whole_of(shipment.id) as shipment_id,
        text_of(shipment.name) as shipment_name,
        text_of(shipment.external_key) as external_key,
        id_of(shipment.service.id) as service_id,
        text_of(shipment.service.name) as service_name,
        text_of(shipment.tracking_number) as tracking_number,
        amount_of(shipment.cost) as gross_amount,
        whole_of(shipment.service.time_min) as time_min_seconds,
        whole_of(shipment.service.time_max) as time_max_seconds,
        -- of the order
        channel,
        order_class,
        business_date,
        -- for the findings: as sent what was not taken as it stands
        case when id_of(shipment.service.id) is null then text_of(shipment.service.id)
        end as service_id_sent
    from shipments
)

select * from final
