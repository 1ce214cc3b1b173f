-- grain: one row per reconciliation, channel and business day
-- key: account, run_id, channel, business_date
with compared as (
    select * from raw.reconciliation
),

final as (
    select
        account,
        run_id,
        channel,
        business_date,
        listed_orders,
        known_orders,
        listed_gross_amount,
        known_gross_amount,
        missing_here,
        missing_there,
        different,
        status,
        checked_at,
        _dlt_load_id as load_id
    from compared
    where _dlt_load_id in (
        select load_id
        from raw._dlt_loads
        where status = 0
    )
)

select * from final
