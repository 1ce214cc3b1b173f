-- question: How does each channel do this month, compared with the same days of last month?
-- frage: Wie läuft jeder Kanal in diesem Monat, verglichen mit denselben Tagen des Vormonats?
with today as (
    select max(business_date) as latest_date
    from marts.sales_by_day
)

select
    channels.label_de as channel,
    sum(days.gross_amount) filter (
        where days.business_date >= date_trunc('month', today.latest_date)
    ) as this_month,
    sum(days.gross_amount) filter (
        where days.business_date < date_trunc('month', today.latest_date)
    ) as last_month
from marts.sales_by_day as days
cross join today
inner join core.dim_channel as channels on days.channel = channels.channel
where
    days.business_date >= date_trunc('month', today.latest_date) - interval 1 month
    and day(days.business_date) <= day(today.latest_date)
group by channels.label_de
order by this_month desc
