-- question: What did last month's sales look like when we looked a day ago?
-- frage: Wie sah der Umsatz des letzten Monats aus, als wir vor einem Tag nachsahen?
with today as (
    select
        max(observed_until_at) - interval 1 day as as_of,
        max(business_date) as latest_date
    from core.fct_bookings
)

select
    bookings.business_date,
    bookings.channel,
    sum(bookings.order_count) as order_count,
    sum(bookings.gross_amount) as gross_amount,
    sum(bookings.vat_amount) as vat_amount
from core.fct_bookings as bookings
cross join today
where
    bookings.kind <> 'refund'
    and bookings.business_date >= today.latest_date - 31
    and bookings.observed_until_at <= today.as_of
group by bookings.business_date, bookings.channel
order by bookings.business_date desc, bookings.channel asc
