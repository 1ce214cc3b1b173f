-- grain: one row per payment of the batch's orders in core.fct_payments
-- key: account, order_id, payment_number
-- rebuild: stored
select
    account,
    order_id,
    payment_number,
    payment_method,
    amount,
    channel,
    order_class
from core.fct_payments
