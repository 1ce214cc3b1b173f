-- question: Are we selling more than in the same month a year ago?
-- frage: Verkaufen wir mehr als im selben Monat des Vorjahres?

-- of the month that is not over the days that are, and of the year before the same days
with closed as (
    select min(closed_through_date) as last_date from marts.freshness
),

months as (
    select
        date_trunc('month', sales.business_date) as month,
        sum(sales.gross_amount) as gross_amount
    from marts.sales_by_day as sales
    cross join closed
    where
        sales.business_date <= closed.last_date
        and (
            date_trunc('month', sales.business_date) + interval 1 year
            <> date_trunc('month', closed.last_date)
            or day(sales.business_date) <= day(closed.last_date)
        )
    group by date_trunc('month', sales.business_date)
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
