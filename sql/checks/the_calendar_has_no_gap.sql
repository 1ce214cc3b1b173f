-- severity: fail
-- scope: build
-- harm: Days without sales would be missing from reports.
with years as (
    select
        year_number,
        count(*) as day_count,
        count(distinct business_date) as different_day_count,
        min(business_date) as first_day,
        max(business_date) as last_day
    from core.dim_date
    group by year_number
)

select
    year_number,
    day_count
from years
where
    first_day <> make_date(year_number, 1, 1)
    or last_day <> make_date(year_number, 12, 31)
    or day_count <> date_diff('day', first_day, last_day) + 1
    or day_count <> different_day_count
