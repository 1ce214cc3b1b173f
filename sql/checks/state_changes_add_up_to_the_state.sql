-- severity: fail
-- scope: batch
-- harm: The timeline of an order would not lead to the state that it has.
with changes as (
    select
        changes.account,
        changes.order_id,
        sum(
            case when changes.change = 'set' then changes.state_bit else -changes.state_bit end
        ) as state
    from stored.fct_order_state_changes as changes
    group by changes.account, changes.order_id
)

select
    orders.account,
    orders.order_id,
    orders.state,
    changes.state as state_of_its_changes
from stored.fct_orders as orders
left join changes on orders.account = changes.account and orders.order_id = changes.order_id
where coalesce(orders.state, 0) <> coalesce(changes.state, 0)
