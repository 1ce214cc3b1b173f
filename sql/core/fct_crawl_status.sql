-- grain: one row per account and channel whose changes were ever asked for
-- key: account, channel
-- rebuild: full
with crawls as (
    -- a backfill or a reconciliation reads by creation: it says nothing about later changes
    select * from staging.stg_windows
    where endpoint = 'orders/delta'
),

latest as (
    select
        *,
        row_number() over (
            partition by account, channel order by finished_at desc, load_id desc, window_id desc
        ) as newness
    from crawls
),

complete as (
    select
        account,
        channel,
        max(watermark) as last_complete_watermark,
        max(finished_at) as last_complete_at
    from crawls
    where status = 'complete'
    group by account, channel
),

final as (
    select
        -- keys
        latest.account,
        latest.channel,
        -- the latest crawl, whatever became of it
        latest.finished_at as last_crawl_at,
        latest.status as last_crawl_status,
        latest.message as last_crawl_message,
        -- the latest that was complete
        complete.last_complete_at,
        complete.last_complete_watermark
    from latest
    left join complete
        on latest.account = complete.account and latest.channel = complete.channel
    where latest.newness = 1
)

select * from final
