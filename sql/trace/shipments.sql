-- grain: one row per sale with a shipment
-- marts: fulfilment
with sales as (
    select * from ops.fct_fulfilment
),

final as (
    select
        account,
        order_id,
        month_of(business_date) as month,
        channel,
        coalesce(service_id, -1) as service_id,
        1 as order_count,
        case when is_shipped then 1 else 0 end as shipped_order_count,
        case when is_delivered then 1 else 0 end as delivered_order_count,
        case when is_waiting then 1 else 0 end as waiting_order_count,
        shipping_gross_amount,
        case when seconds_to_ship is null then 0 else 1 end as timed_shipment_count,
        case when seconds_to_deliver is null then 0 else 1 end as timed_delivery_count
    from sales
)

select * from final
