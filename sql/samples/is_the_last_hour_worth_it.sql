-- question: What does the last opening hour of each weekday bring?
-- frage: Was bringt die letzte Öffnungsstunde jedes Wochentags?
with last_hours as (
    select
        weekday,
        max(hour_of_day) as hour_of_day
    from marts.sales_by_hour
    where channel = 'ipad' and order_count >= day_count / 10
    group by weekday
)

select
    hours.weekday_name_de as weekday,
    hours.hour_of_day,
    hours.day_count,
    hours.order_count,
    hours.average_day_gross_amount
from marts.sales_by_hour as hours
inner join last_hours
    on hours.weekday = last_hours.weekday and hours.hour_of_day = last_hours.hour_of_day
where hours.channel = 'ipad' and hours.order_count > 0
order by hours.weekday
