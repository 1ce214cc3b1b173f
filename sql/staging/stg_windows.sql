-- grain: one row per crawl of a channel in a completed load
-- key: account, load_id, window_id
with windows as (
    select * from raw.windows
),

final as (
    select
        account,
        _dlt_load_id as load_id,
        window_id,
        run_id,
        coalesce(nullif(channel, ''), 'unknown') as channel,
        endpoint,
        status,
        start_date,
        message,
        watermark,
        business_date_of(watermark) as watermark_date,
        started_at,
        finished_at,
        row_count,
        quarantined
    from windows
    where _dlt_load_id in (
        select load_id
        from raw._dlt_loads
        where status = 0
    )
)

select * from final
