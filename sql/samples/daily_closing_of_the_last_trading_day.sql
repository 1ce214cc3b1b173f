-- question: What must be in the drawer and on the card terminal for the last trading day?
-- frage: Was muss für den letzten Verkaufstag in der Kasse und auf dem Terminal sein?
select
    closing.business_date,
    closing.channel,
    methods.label_de as payment_method,
    closing.payment_count,
    closing.payment_amount,
    closing.refund_amount,
    closing.first_receipt_number,
    closing.last_receipt_number
from marts.daily_closing as closing
inner join core.dim_payment_method as methods on closing.payment_method = methods.payment_method
where
    closing.business_date
    = (select max(days.business_date) from marts.sales_by_day as days where days.order_count > 0)
order by closing.channel asc, closing.payment_amount desc
