-- grain: one row per sale with a shipment
-- key: account, order_id
-- rebuild: by order
with orders as (
    select * from stored.fct_orders
    where order_class = 'sale'
),

shipments as (
    select * from stored.fct_shipments
),

-- a state was set when the first version that has it was seen; states that are set at first count
observed as (
    select
        versions.account,
        versions.order_id,
        min(versions.valid_from) filter (
            where has_bit(versions.state, 8) or has_bit(versions.state, 256)
        ) as paid_observed_at,
        min(versions.valid_from) filter (where has_bit(versions.state, 32)) as shipped_observed_at,
        min(versions.valid_from) filter (where has_bit(versions.state, 64))
            as delivered_observed_at
    from stored.fct_order_versions as versions
    inner join shipments
        on versions.account = shipments.account and versions.order_id = shipments.order_id
    group by versions.account, versions.order_id
),

timed as (
    select
        orders.account,
        orders.order_id,
        orders.channel,
        orders.business_date,
        orders.customer_id,
        shipments.service_id,
        shipments.service_name,
        shipments.tracking_number,
        shipments.shipping_gross_amount,
        shipments.time_max_seconds,
        orders.is_shipped,
        orders.is_delivered,
        orders.is_refunded,
        observed.paid_observed_at,
        case when orders.is_shipped then observed.shipped_observed_at end as shipped_observed_at,
        case when orders.is_delivered then observed.delivered_observed_at end
            as delivered_observed_at
    from orders
    inner join shipments
        on orders.account = shipments.account and orders.order_id = shipments.order_id
    left join observed
        on orders.account = observed.account and orders.order_id = observed.order_id
),

final as (
    select
        -- keys
        account,
        order_id,
        -- attributes
        channel,
        business_date,
        customer_id,
        service_id,
        service_name,
        tracking_number,
        -- states
        is_shipped,
        is_delivered,
        not is_shipped and not is_delivered and not is_refunded as is_waiting,
        -- when the states were observed
        paid_observed_at,
        shipped_observed_at,
        delivered_observed_at,
        case
            when shipped_observed_at > paid_observed_at
                then date_diff('second', paid_observed_at, shipped_observed_at)
        end as seconds_to_ship,
        case
            when delivered_observed_at > shipped_observed_at
                then date_diff('second', shipped_observed_at, delivered_observed_at)
        end as seconds_to_deliver,
        time_max_seconds as promised_seconds,
        -- measures
        coalesce(shipping_gross_amount, 0) as shipping_gross_amount
    from timed
)

select * from final
