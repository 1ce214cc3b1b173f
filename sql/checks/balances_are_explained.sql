-- severity: warn
-- scope: batch
-- harm: What is due, what the payments add up to and what the API calls paid disagree in a way
--   that no rule explains.
select
    orders.account,
    orders.order_id,
    'items and shipping ' || coalesce(
        cast(
            wide(orders.items_gross_amount)
            + coalesce(wide(orders.shipping_gross_amount), 0) as varchar
        ),
        '?'
    )
    || ', payments ' || coalesce(cast(orders.payments_amount as varchar), '?')
    || ', amount_paid ' || coalesce(cast(orders.amount_paid as varchar), '?') as detail,
    try_cast(
        wide(orders.amount_paid)
        - wide(orders.items_gross_amount)
        - coalesce(wide(orders.shipping_gross_amount), 0) as decimal(18, 2)
    ) as amount
from stored.fct_orders as orders
where orders.balance_class = 'unexplained'
