-- grain: one row per reconciliation, channel and business day
-- key: account, run_id, channel, business_date
-- rebuild: full
with compared as (
    select * from staging.stg_reconciliation
),

final as (
    select
        -- keys
        account,
        run_id,
        channel,
        business_date,
        -- measures
        listed_orders,
        known_orders,
        listed_gross_amount,
        known_gross_amount,
        missing_here,
        missing_there,
        different,
        -- verdict
        status,
        checked_at
    from compared
)

select * from final
