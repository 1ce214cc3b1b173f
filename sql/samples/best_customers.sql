-- question: Who are the best customers, and when were they last here?
-- frage: Wer sind die besten Kunden, und wann waren sie zuletzt da?
select
    customer_id,
    customer_name,
    city,
    order_count,
    gross_amount,
    last_order_date,
    segment
from marts.customers
order by gross_amount desc
limit 20
