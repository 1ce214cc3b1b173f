-- question: Which closed days have changed since, and which orders did it?
-- frage: Welche abgeschlossenen Tage haben sich seitdem geändert, und durch welche Bestellungen?
select
    business_date,
    channel,
    changed_at,
    gross_amount_before,
    gross_amount,
    gross_amount_change,
    order_ids
from marts.restatements
order by changed_at desc
