-- severity: fail
-- scope: batch
-- harm: Lists of orders by state would contradict the orders themselves.
with bits as (
    select
        bridge.account,
        bridge.order_id,
        sum(bridge.state_bit) as state
    from core.bridge_order_states as bridge
    inner join staging.batch_orders as batch
        on bridge.account = batch.account and bridge.order_id = batch.order_id
    group by bridge.account, bridge.order_id
)

select
    orders.account,
    orders.order_id,
    orders.state,
    bits.state as state_of_its_bits
from core.fct_orders as orders
inner join staging.batch_orders as batch
    on orders.account = batch.account and orders.order_id = batch.order_id
left join bits on orders.account = bits.account and orders.order_id = bits.order_id
where coalesce(orders.state, 0) <> coalesce(bits.state, 0)
