-- question: Are we selling more than in the same month a year ago?
-- frage: Verkaufen wir mehr als im selben Monat des Vorjahres?
with months as (
    select
        date_trunc('month', business_date) as month,
        sum(gross_amount) as gross_amount
    from marts.sales_by_day
    group by date_trunc('month', business_date)
)

select
    cast(this.month as date) as month,
    this.gross_amount,
    before.gross_amount as gross_amount_a_year_ago,
    this.gross_amount - before.gross_amount as difference
from months as this
inner join months as before on this.month = before.month + interval 1 year
where this.gross_amount > 0 and before.gross_amount > 0
order by this.month desc
limit 12
