-- severity: fail
-- scope: batch
-- harm: An order would count as turnover although it is a draft, canceled or a test print, or the
--   reverse.
with orders as (
    select
        orders.*,
        case
            when orders.content_hash = 'missing' then 'missing'
            when orders.is_test_print then 'test'
            when orders.is_draft then 'draft'
            when orders.is_canceled then 'canceled'
            when orders.is_paid or orders.is_closed then 'sale'
            else 'open'
        end as class_of_its_states
    from stored.fct_orders as orders
)

select
    account,
    order_id,
    state,
    order_class,
    class_of_its_states
from orders
where order_class is null or order_class <> class_of_its_states
