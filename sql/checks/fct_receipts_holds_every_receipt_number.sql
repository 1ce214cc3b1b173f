-- severity: fail
-- scope: batch
-- harm: A receipt number would look missing although an order has it.
-- equals: stored.fct_receipts by account, order_id
select
    account,
    order_id,
    invoice_number as receipt_number,
    channel,
    order_class,
    business_date
from stored.fct_orders
where invoice_number is not null
