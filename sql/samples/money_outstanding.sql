-- question: How much money is outstanding, and for how long?
-- frage: Wie viel Geld steht aus, und wie lange schon?
select
    age_group,
    count(*) as order_count,
    sum(gross_amount + shipping_gross_amount) as outstanding_amount,
    max(age_days) as oldest_days
from marts.open_orders
group by age_group
order by oldest_days
