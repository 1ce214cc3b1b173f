-- question: What must be in the drawer and on the card terminal for the last trading day?
-- frage: Was muss für den letzten Verkaufstag in der Kasse und auf dem Terminal sein?
with trading as (
    select max(business_date) as last_date
    from marts.sales_by_day
    where order_count > 0
)

select
    closing.booking_date,
    closing.channel,
    methods.label_de as payment_method,
    closing.payment_count,
    closing.payment_amount,
    closing.refund_amount,
    closing.first_receipt_number,
    closing.last_receipt_number
from marts.daily_closing as closing
inner join trading on closing.booking_date = trading.last_date
inner join core.dim_payment_method as methods on closing.payment_method = methods.payment_method
order by closing.channel asc, closing.payment_amount desc
