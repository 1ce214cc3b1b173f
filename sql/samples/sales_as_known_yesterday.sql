-- question: What did last month's sales look like when we looked a day ago?
-- frage: Wie sah der Umsatz des letzten Monats aus, als wir vor einem Tag nachsahen?
with today as (
    select
        max(valid_from) - interval 1 day as as_of,
        max(business_date) as latest_date
    from core.fct_daily_sales_history
)

select
    history.business_date,
    history.channel,
    history.order_count,
    history.gross_amount,
    history.vat_amount
from core.fct_daily_sales_history as history
cross join today
where
    history.business_date >= today.latest_date - 31
    and history.valid_from <= today.as_of
    and (history.valid_to is null or history.valid_to > today.as_of)
order by history.business_date desc, history.channel asc
