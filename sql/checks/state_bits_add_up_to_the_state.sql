-- severity: fail
-- scope: batch
-- harm: Lists of orders by state would contradict the orders themselves.
with bits as (
    select
        bridge.account,
        bridge.order_id,
        sum(bridge.state_bit) as state,
        count(*) - count(bridge.state_bit) as null_count
    from stored.bridge_order_states as bridge
    group by bridge.account, bridge.order_id
)

select
    orders.account,
    orders.order_id,
    orders.state,
    bits.state as state_of_its_bits
from stored.fct_orders as orders
left join bits on orders.account = bits.account and orders.order_id = bits.order_id
where coalesce(orders.state, 0) <> coalesce(bits.state, 0) or bits.null_count > 0
