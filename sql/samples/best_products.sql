-- question: Which products bring most of the turnover?
-- frage: Welche Artikel bringen den größten Umsatz?
select
    gross_rank,
    product_name,
    quantity,
    gross_amount,
    gross_share_ratio,
    last_sold_date
from marts.sales_by_product
order by gross_rank
limit 20
