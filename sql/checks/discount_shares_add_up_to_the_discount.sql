-- severity: fail
-- scope: batch
-- harm: Discounts by product would not add up to the discounts that were given.
with shares as (
    select
        items.account,
        items.order_id,
        sum(items.order_discount_amount) as discount_amount
    from core.fct_order_items as items
    inner join staging.batch_orders as batch
        on items.account = batch.account and items.order_id = batch.order_id
    group by items.account, items.order_id
)

select
    orders.account,
    orders.order_id,
    orders.discount_amount,
    shares.discount_amount as shares_amount
from core.fct_orders as orders
inner join staging.batch_orders as batch
    on orders.account = batch.account and orders.order_id = batch.order_id
left join shares on orders.account = shares.account and orders.order_id = shares.order_id
where coalesce(orders.discount_amount, 0) <> coalesce(shares.discount_amount, 0)
