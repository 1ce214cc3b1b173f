-- question: Which good customers have stayed away and should be written to?
-- frage: Welche guten Kunden sind ausgeblieben und sollten angeschrieben werden?
select
    customers.customer_id,
    customers.customer_name,
    people.email,
    customers.order_count,
    customers.gross_amount,
    customers.days_since_last_order
from marts.customers as customers
inner join core.dim_customer as people
    on customers.account = people.account and customers.customer_id = people.customer_id
where customers.segment = 'at_risk'
order by customers.gross_amount desc
