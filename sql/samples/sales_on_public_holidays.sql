-- question: What do we sell on public holidays of our federal state?
-- frage: Was verkaufen wir an Feiertagen unseres Bundeslandes?
select
    holidays.holiday_date,
    holidays.name_de,
    sum(days.order_count) as order_count,
    sum(days.gross_amount) as gross_amount
from core.dim_holiday as holidays
inner join marts.sales_by_day as days on holidays.holiday_date = days.business_date
where holidays.holiday_states like '%BE%'
group by holidays.holiday_date, holidays.name_de
order by holidays.holiday_date desc
limit 12
