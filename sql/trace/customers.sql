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
    case when is_refunded then items_gross_amount else 0 end as refund_amount,
    case when is_refunded then 0 else items_gross_amount end as kept_gross_amount
from core.fct_orders
where order_class = 'sale' and customer_id is not null
