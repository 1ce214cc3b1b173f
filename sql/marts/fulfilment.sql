-- grain: one row per account, month, channel and shipping service with a sale that has a shipment
-- key: account, month, channel, service_id
-- rebuild: full
-- copies: core.dim_shipping_service by account, service_id
with sales as (
    select * from ops.fct_fulfilment
),

services as (
    select * from core.dim_shipping_service
),

totals as (
    select
        account,
        month_of(business_date) as month,
        channel,
        coalesce(service_id, -1) as service_id,
        count(*) as order_count,
        count(*) filter (where is_shipped) as shipped_order_count,
        count(*) filter (where is_delivered) as delivered_order_count,
        count(*) filter (where is_waiting) as waiting_order_count,
        coalesce(try_cast(sum(shipping_gross_amount) as decimal(18, 2)), 0)
            as shipping_gross_amount,
        count(seconds_to_ship) as timed_shipment_count,
        sum(seconds_to_ship) as seconds_to_ship,
        count(*) filter (where seconds_to_ship <= 86400) as shipped_in_a_day_count,
        count(seconds_to_deliver) as timed_delivery_count,
        sum(seconds_to_deliver) as seconds_to_deliver,
        count(*) filter (where seconds_to_deliver > promised_seconds) as late_delivery_count
    from sales
    group by account, month_of(business_date), channel, coalesce(service_id, -1)
),

final as (
    select
        -- keys
        totals.account,
        totals.month,
        totals.channel,
        totals.service_id,
        -- attributes
        services.service_name,
        -- orders
        totals.order_count,
        totals.shipped_order_count,
        totals.delivered_order_count,
        totals.waiting_order_count,
        totals.shipping_gross_amount,
        -- from paid to shipped, where both were observed
        totals.timed_shipment_count,
        cast(
            ratio_of(totals.seconds_to_ship, totals.timed_shipment_count * 3600)
            as decimal(12, 2)
        ) as average_hours_to_ship,
        ratio_of(totals.shipped_in_a_day_count, totals.timed_shipment_count)
            as shipped_in_a_day_ratio,
        -- from shipped to delivered, where both were observed
        totals.timed_delivery_count,
        cast(
            ratio_of(totals.seconds_to_deliver, totals.timed_delivery_count * 3600)
            as decimal(12, 2)
        ) as average_hours_to_deliver,
        ratio_of(totals.late_delivery_count, totals.timed_delivery_count) as late_delivery_ratio
    from totals
    left join services
        on totals.account = services.account and totals.service_id = services.service_id
)

select * from final
