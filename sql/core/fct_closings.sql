-- grain: one row per account and load that closed business dates
-- key: account, load_id
-- rebuild: full
with loads as (
    select * from core.fct_loads
    where closes_through_date is not null
),

ranked as (
    select
        *,
        row_number() over (
            partition by account, closes_through_date order by last_watermark, load_id
        ) as rank_in_day
    from loads
),

first_of_day as (
    select * from ranked
    where rank_in_day = 1
),

final as (
    select
        -- keys
        account,
        load_id,
        -- the days between, both included
        lag(closes_through_date) over by_day + 1 as closes_from_date,
        closes_through_date,
        -- time
        last_watermark as closed_at
    from first_of_day
    window by_day as (partition by account order by closes_through_date)
)

select * from final
