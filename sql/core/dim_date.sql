-- grain: one row per day of the years in which orders lie
-- key: business_date
-- rebuild: full
with years as (
    select * from ops.dim_year
),

months as (
    select * from seeds.month_names
),

weekdays as (
    select * from seeds.weekday_names
),

holidays as (
    select * from core.dim_holiday
),

-- no gap between the first and the last year; a year beyond 2010 to 2040 is a typing error as a
-- rule and does not bring the years between
span as (
    select
        min(year_number) as first_year,
        max(year_number) as last_year
    from years
    where year_number between 2010 and 2040
),

days_of_span as (
    select
        unnest(
            generate_series(
                make_date(first_year, 1, 1), make_date(last_year, 12, 31), interval 1 day
            )
        ) as day
    from span
    where first_year is not null
),

days_of_other_years as (
    select
        unnest(
            generate_series(
                make_date(year_number, 1, 1), make_date(year_number, 12, 31), interval 1 day
            )
        ) as day
    from years
    where year_number not between 2010 and 2040
),

days as (
    select cast(day as date) as business_date from days_of_span
    union all
    select cast(day as date) as business_date from days_of_other_years
),

parts as (
    select
        business_date,
        cast(year(business_date) as integer) as year_number,
        cast(quarter(business_date) as integer) as quarter_number,
        cast(month(business_date) as integer) as month_number,
        cast(day(business_date) as integer) as day_of_month,
        cast(dayofyear(business_date) as integer) as day_of_year,
        weekday_of(business_date) as weekday,
        -- the year and week of ISO 8601 are those of the week's Thursday
        business_date + 4 - weekday_of(business_date) as thursday
    from days
),

final as (
    select
        -- keys
        parts.business_date,
        -- year, quarter, month
        parts.year_number,
        parts.quarter_number,
        parts.month_number,
        months.name_de as month_name_de,
        months.name_en as month_name_en,
        make_date(parts.year_number, parts.month_number, 1) as month,
        parts.day_of_month,
        parts.day_of_year,
        -- week
        cast(year(parts.thursday) as integer) as iso_year,
        cast((dayofyear(parts.thursday) - 1) // 7 + 1 as integer) as iso_week,
        parts.business_date - (parts.weekday - 1) as week_start_date,
        parts.weekday,
        weekdays.name_de as weekday_name_de,
        weekdays.name_en as weekday_name_en,
        parts.weekday >= 6 as is_weekend,
        -- holidays
        coalesce(holidays.is_nationwide, false) as is_public_holiday,
        case when holidays.is_nationwide then holidays.name_de end as holiday_name_de,
        case when holidays.is_nationwide then holidays.name_en end as holiday_name_en,
        holidays.holiday_states
    from parts
    inner join months on parts.month_number = months.month_number
    inner join weekdays on parts.weekday = weekdays.weekday
    left join holidays on parts.business_date = holidays.holiday_date
)

select * from final
