-- grain: one row per reconciliation and order that it looked for in vain, or found again
-- key: account, run_id, order_id
with absences as (
    select * from raw.absences
),

final as (
    select
        account,
        run_id,
        order_id,
        channel,
        is_absent,
        is_confirmed,
        checked_at,
        _dlt_load_id as load_id
    from absences
    where _dlt_load_id in (
        select load_id
        from raw._dlt_loads
        where status = 0
    )
)

select * from final
