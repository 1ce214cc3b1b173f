-- question: How many customers of a month are new, how many come back, and what do they spend?
-- frage: Wie viele Kunden eines Monats sind neu, wie viele kommen wieder, und was geben sie aus?
select
    sales.month,
    case
        when date_trunc('month', customers.first_order_date) = sales.month then 'new'
        else 'returning'
    end as customer_kind,
    count(distinct sales.customer_id) as customer_count,
    count(*) as order_count,
    sum(sales.gross_amount) as gross_amount
from core.sales as sales
inner join marts.customers as customers
    on sales.account = customers.account and sales.customer_id = customers.customer_id
group by sales.month, customer_kind
order by month desc, customer_kind asc
limit 24
