-- question: Which of the better products have not been sold for three months?
-- frage: Welche der besseren Artikel wurden seit drei Monaten nicht verkauft?
with today as (
    select max(business_date) as latest_date
    from marts.sales_by_day
)

select
    products.product_name,
    products.quantity,
    products.gross_amount,
    products.last_sold_date
from marts.sales_by_product as products
cross join today
where products.last_sold_date < today.latest_date - 90
order by products.gross_amount desc
limit 20
