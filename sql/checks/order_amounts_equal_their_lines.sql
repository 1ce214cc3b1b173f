-- severity: fail
-- scope: batch
-- harm: Totals of orders and of their lines would differ between reports.
with lines as (
    select
        items.account,
        items.order_id,
        count(*) as item_count,
        sum(items.quantity) as quantity,
        sum(items.line_gross_amount) as gross_amount,
        sum(items.line_net_amount) as net_amount,
        sum(items.line_vat_amount) as vat_amount,
        sum(items.published_gross_amount) as published_gross_amount
    from stored.fct_order_items as items
    group by items.account, items.order_id
)

select
    orders.account,
    orders.order_id,
    orders.item_count,
    lines.item_count as line_count,
    orders.items_gross_amount,
    lines.gross_amount
from stored.fct_orders as orders
left join lines on orders.account = lines.account and orders.order_id = lines.order_id
where
    orders.item_count <> coalesce(lines.item_count, 0)
    or orders.quantity <> coalesce(lines.quantity, 0)
    or orders.items_gross_amount <> coalesce(lines.gross_amount, 0)
    or orders.items_net_amount <> coalesce(lines.net_amount, 0)
    or orders.items_vat_amount <> coalesce(lines.vat_amount, 0)
    or orders.published_gross_amount <> coalesce(lines.published_gross_amount, 0)
