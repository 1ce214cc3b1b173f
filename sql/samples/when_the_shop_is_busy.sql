-- question: At which hours of which days does the till need more hands?
-- frage: Zu welchen Stunden welcher Tage braucht die Kasse mehr Personal?
select
    weekday_name_de as weekday,
    hour_of_day,
    order_count,
    average_day_gross_amount
from marts.sales_by_hour
where channel = 'ipad' and order_count > 0
order by average_day_gross_amount desc
limit 10
