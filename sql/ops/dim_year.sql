-- grain: one row per calendar year that a date of any order ever lay in
-- key: year_number
-- rebuild: newest
-- newest: year_number
with dates as (
    select business_date as day from staging.stg_orders
    union
    select observed_date as day from staging.stg_orders
    union
    select business_date as day from staging.stg_payments
),

final as (
    select cast(year(day) as integer) as year_number
    from dates
    where day is not null
    group by year(day)
)

select * from final
