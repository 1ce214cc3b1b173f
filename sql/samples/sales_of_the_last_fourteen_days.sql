-- question: How much did we sell on each of the last fourteen days?
-- frage: Wie viel haben wir an jedem der letzten vierzehn Tage verkauft?
select
    days.business_date,
    calendar.weekday_name_de as weekday,
    sum(days.order_count) as order_count,
    sum(days.gross_amount) as gross_amount,
    sum(days.net_amount) as net_amount,
    sum(days.refund_amount) as refund_amount
from marts.sales_by_day as days
inner join core.dim_date as calendar on days.business_date = calendar.business_date
where days.business_date > (select max(business_date) from marts.sales_by_day) - 14
group by days.business_date, calendar.weekday_name_de
order by days.business_date desc
