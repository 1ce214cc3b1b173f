-- grain: one row per public holiday and federal state that keeps it
-- key: holiday_date, state_code, name_de
-- rebuild: full
with holidays as (
    select * from seeds.public_holidays
),

states as (
    select * from seeds.federal_states
),

kept as (
    select
        holidays.holiday_date,
        states.state_code,
        holidays.name_de,
        holidays.name_en,
        states.name_de as state_name_de,
        states.name_en as state_name_en,
        count(*) over (partition by holidays.holiday_date, holidays.name_de) as state_count
    from holidays
    inner join states on holidays.states like '%' || states.state_code || '%'
),

final as (
    select
        -- keys
        holiday_date,
        state_code,
        -- attributes
        name_de,
        name_en,
        state_name_de,
        state_name_en,
        state_count = 16 as is_nationwide
    from kept
)

select * from final
