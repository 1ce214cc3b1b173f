-- grain: one row per sale with a shipment
-- key: account, order_id
-- rebuild: by order
with orders as (
    select * from core.stored_orders
    where order_class = 'sale'
),

shipments as (
    select * from core.stored_shipments
),

observed as (
    select
        changes.account,
        changes.order_id,
        min(changes.observed_at) filter (where changes.state_bit in (8, 256)) as paid_observed_at,
        min(changes.observed_at) filter (where changes.state_bit = 32) as shipped_observed_at,
        min(changes.observed_at) filter (where changes.state_bit = 64) as delivered_observed_at
    from core.stored_state_changes as changes
    inner join shipments
        on changes.account = shipments.account and changes.order_id = shipments.order_id
    where changes.change = 'set' and changes.state_bit in (8, 32, 64, 256)
    group by changes.account, changes.order_id
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
        shipments.gross_amount as shipping_gross_amount,
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
