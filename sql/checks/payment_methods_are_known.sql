-- severity: warn
-- scope: batch
-- harm: Money by a payment method that nobody named: the daily closing shows its bare code.
select
    payments.account,
    payments.order_id,
    'payment_method is "' || payments.payment_method || '"' as detail,
    payments.payment_amount as amount
from stored.fct_payments as payments
left join seeds.payment_methods as methods on payments.payment_method = methods.payment_method
where methods.payment_method is null or methods.payment_method = 'unknown'
