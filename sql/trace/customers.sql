-- grain: one row per sale that names a customer
-- marts: customers
select
    account,
    order_id,
    customer_id,
    1 as order_count,
    quantity,
    items_gross_amount as gross_amount,
    items_net_amount as net_amount,
    case when is_refunded then refund_amount else 0 end as refund_amount,
    items_gross_amount - coalesce(refund_amount, 0) as kept_gross_amount
from core.fct_orders
where order_class = 'sale' and customer_id is not null
