-- question: Which products gained or lost most over the last three months?
-- frage: Welche Artikel haben in den letzten drei Monaten am meisten gewonnen oder verloren?
with today as (
    select max(business_date) as latest_date
    from marts.sales_by_day
),

sales as (
    select
        days.product_id,
        sum(
            case
                when days.business_date > today.latest_date - 91 then days.gross_amount else 0
            end
        ) as last_three_months,
        sum(
            case
                when days.business_date <= today.latest_date - 91 then days.gross_amount else 0
            end
        ) as three_months_before
    from marts.product_sales_by_day as days
    cross join today
    where days.business_date > today.latest_date - 182
    group by days.product_id
)

select
    products.product_name,
    sales.three_months_before,
    sales.last_three_months,
    sales.last_three_months - sales.three_months_before as difference
from sales
inner join core.dim_product as products on coalesce(sales.product_id, -1) = products.product_id
order by abs(sales.last_three_months - sales.three_months_before) desc
limit 20
