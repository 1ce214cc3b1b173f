-- question: Which closed days have changed since, and which orders did it?
-- frage: Welche abgeschlossenen Tage haben sich seitdem geändert, und durch welche Bestellungen?
select
    business_date,
    channel,
    booking_date,
    order_count,
    gross_amount,
    vat_amount,
    order_ids
from marts.restatements
order by booking_date desc, business_date desc
