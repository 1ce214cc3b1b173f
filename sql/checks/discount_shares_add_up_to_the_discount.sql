-- severity: fail
-- scope: batch
-- harm: Discounts by product would not add up to the discounts that were given.
with shares as (
    select
        items.account,
        items.order_id,
        sum(items.order_discount_amount) as discount_amount
    from stored.fct_order_items as items
    group by items.account, items.order_id
)

select
    orders.account,
    orders.order_id,
    orders.discount_amount,
    shares.discount_amount as shares_amount
from stored.fct_orders as orders
left join shares on orders.account = shares.account and orders.order_id = shares.order_id
where coalesce(orders.discount_amount, 0) <> coalesce(shares.discount_amount, 0)
