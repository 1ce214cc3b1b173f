-- grain: one row per day that is a public holiday in some federal state
-- key: holiday_date
-- rebuild: full
with holidays as (
    select * from seeds.public_holidays
),

federal_states as (
    select * from seeds.federal_states
),

kept as (
    select
        holidays.holiday_date,
        holidays.name_de,
        holidays.name_en,
        federal_states.state_code,
        count(*) over (partition by holidays.holiday_date, holidays.name_de) = 16 as is_nationwide
    from holidays
    inner join federal_states on holidays.states like '%' || federal_states.state_code || '%'
),

names as (
    select
        holiday_date,
        string_agg(name_de, ' / ' order by name_de) as name_de,
        string_agg(name_en, ' / ' order by name_de) as name_en
    from holidays
    group by holiday_date
),

-- a state that keeps two holidays on one day stands there once
states as (
    select
        holiday_date,
        state_code,
        bool_or(is_nationwide) as is_nationwide
    from kept
    group by holiday_date, state_code
),

days as (
    select
        holiday_date,
        bool_or(is_nationwide) as is_nationwide,
        string_agg(state_code, ' ' order by state_code) as holiday_states
    from states
    group by holiday_date
),

final as (
    select
        days.holiday_date,
        names.name_de,
        names.name_en,
        days.is_nationwide,
        days.holiday_states
    from days
    inner join names on days.holiday_date = names.holiday_date
)

select * from final
