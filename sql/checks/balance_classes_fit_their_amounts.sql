-- severity: fail
-- scope: batch
-- harm: An order whose amounts disagree would pass as settled.
with orders as (
    select
        orders.*,
        wide(orders.items_gross_amount)
        + coalesce(wide(orders.shipping_gross_amount), 0) as due_amount
    from stored.fct_orders as orders
)

select
    account,
    order_id,
    balance_class,
    due_amount,
    payments_amount,
    amount_paid
from orders
where
    balance_class is null
    or balance_class not in ('exact', 'rounding', 'unpaid', 'overpaid', 'unexplained')
    or (
        balance_class = 'exact'
        and (
            due_amount is distinct from payments_amount
            or payments_amount is distinct from amount_paid
        )
    )
    or (balance_class = 'rounding' and not agree(due_amount, payments_amount))
    or (balance_class = 'unpaid' and not payments_amount < due_amount)
    or (balance_class = 'overpaid' and not payments_amount > due_amount)
    or (
        balance_class = 'unexplained'
        and due_amount = payments_amount
        and payments_amount = amount_paid
        and not exists (
            select 1
            from stored.fct_order_items as items
            where
                items.account = orders.account
                and items.order_id = orders.order_id
                and items.line_gross_amount is null
        )
        and not exists (
            select 1
            from stored.fct_payments as payments
            where
                payments.account = orders.account
                and payments.order_id = orders.order_id
                and payments.payment_amount is null
        )
        and not exists (
            select 1
            from stored.fct_shipments as shipments
            where
                shipments.account = orders.account
                and shipments.order_id = orders.order_id
                and shipments.shipping_gross_amount is null
        )
    )
