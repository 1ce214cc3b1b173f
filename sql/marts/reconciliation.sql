-- grain: one row per account, channel and business date, by its latest comparison with /orders/
-- key: account, channel, business_date
-- rebuild: full
with compared as (
    select * from ops.fct_reconciliations
),

ranked as (
    select
        *,
        row_number() over (
            partition by account, channel, business_date order by checked_at desc, run_id desc
        ) as newness,
        count(*) over (partition by account, channel, business_date) as comparison_count
    from compared
),

final as (
    select
        -- keys
        account,
        channel,
        business_date,
        -- verdict
        status,
        checked_at,
        comparison_count,
        -- measures
        listed_orders,
        known_orders,
        listed_gross_amount,
        known_gross_amount,
        cast(listed_gross_amount - known_gross_amount as decimal(18, 2)) as difference_gross_amount,
        missing_here,
        missing_there,
        different
    from ranked
    where newness = 1
)

select * from final
