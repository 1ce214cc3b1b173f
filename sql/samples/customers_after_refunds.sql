-- question: What is each customer worth after refunds?
-- frage: Was ist jeder Kunde nach Erstattungen wert?
select
    customer_id,
    customer_name,
    order_count,
    gross_amount,
    refund_amount,
    kept_gross_amount
from marts.customers
order by kept_gross_amount desc
limit 20
