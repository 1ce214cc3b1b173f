-- question: Which share of the turnover at the till is anonymous?
-- frage: Welcher Anteil des Umsatzes an der Kasse ist anonym?
select
    month,
    order_count,
    walk_in_order_count,
    walk_in_order_ratio,
    walk_in_gross_ratio
from ops.walk_in_sales
where channel = 'ipad'
order by month desc
limit 12
