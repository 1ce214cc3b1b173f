-- question: Which products gained or lost most over the last three full months?
-- frage: Welche Artikel haben in den letzten drei vollen Monaten am meisten gewonnen oder verloren?
with today as (
    select date_trunc('month', max(month)) as this_month
    from marts.product_sales_by_month
),

sales as (
    select
        products.product_id,
        products.product_name,
        coalesce(
            sum(products.gross_amount) filter (
                where products.month >= today.this_month - interval 3 month
            ),
            0
        ) as last_three_months,
        coalesce(
            sum(products.gross_amount) filter (
                where products.month < today.this_month - interval 3 month
            ),
            0
        ) as three_months_before
    from marts.product_sales_by_month as products
    cross join today
    where
        products.month >= today.this_month - interval 6 month
        and products.month < today.this_month
    group by products.product_id, products.product_name
)

select
    product_name,
    three_months_before,
    last_three_months,
    last_three_months - three_months_before as change
from sales
order by abs(last_three_months - three_months_before) desc
limit 20
