-- severity: warn
-- scope: batch
-- harm: A sale without `completed_at` is booked on the day it was added; an order without any time
--   on the day it was first seen.
select
    orders.account,
    orders.order_id,
    case
        when orders.ordered_at is null then 'no time; booked on the day it was first seen'
        else 'no completed_at; booked on the day it was added'
    end as detail,
    orders.items_gross_amount as amount
from stored.fct_orders as orders
where
    orders.completed_at is null
    and (orders.ordered_at is null or orders.order_class = 'sale')
