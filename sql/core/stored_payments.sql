-- grain: one row per payment of the batch's orders in core.fct_payments
-- key: account, order_id, payment_number
-- rebuild: temporary

-- What looks at the batch again (its checks, mostly) goes through the whole table once, here.
select
    account,
    order_id,
    payment_number,
    payment_method,
    amount,
    channel,
    order_class
from core.fct_payments
where
    (account, order_id) in (
        select
            account,
            order_id
        from staging.batch_orders
    )
