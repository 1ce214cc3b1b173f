-- question: Which products gained or lost most over the last three months?
-- frage: Welche Artikel haben in den letzten drei Monaten am meisten gewonnen oder verloren?
-- a shop younger than six months is compared with its own first half: nothing was sold before that
with spans as (
    select
        max(business_date) as latest_date,
        cast(least(91, (max(business_date) - min(business_date) + 1) // 2) as integer)
            as compared_days
    from marts.sales_by_day
),

sales as (
    select
        days.product_id,
        spans.compared_days,
        sum(
            case
                when days.business_date > spans.latest_date - spans.compared_days
                    then days.gross_amount
                else 0
            end
        ) as sales_lately,
        sum(
            case
                when days.business_date <= spans.latest_date - spans.compared_days
                    then days.gross_amount
                else 0
            end
        ) as sales_before
    from marts.product_sales_by_day as days
    cross join spans
    where days.business_date > spans.latest_date - 2 * spans.compared_days
    group by days.product_id, spans.compared_days
)

select
    products.product_name,
    sales.compared_days,
    sales.sales_before,
    sales.sales_lately,
    sales.sales_lately - sales.sales_before as difference
from sales
inner join core.dim_product as products on coalesce(sales.product_id, -1) = products.product_id
order by abs(sales.sales_lately - sales.sales_before) desc
limit 20
