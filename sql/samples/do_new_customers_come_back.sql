-- question: How many new customers of a month come back within three months?
-- frage: Wie viele neue Kunden eines Monats kommen binnen drei Monaten wieder?
select
    cohort_month,
    customer_count,
    max(retention_ratio) filter (where month_number = 1) as after_one_month,
    max(retention_ratio) filter (where month_number = 2) as after_two_months,
    max(retention_ratio) filter (where month_number = 3) as after_three_months
from marts.cohorts
where is_month_complete
group by cohort_month, customer_count
order by cohort_month desc
limit 12
