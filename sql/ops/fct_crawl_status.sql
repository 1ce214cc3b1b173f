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
        max(watermark_date) - 1 as closed_through_date,
        max(finished_at) as last_complete_at
    from crawls
    where status = 'complete'
    group by account, channel
),

ranked as (
    select
        account,
        channel,
        start_date,
        row_number() over (
            partition by account, channel order by watermark, load_id, start_date
        ) as crawl_number
    from crawls
    where status = 'complete'
),

starts as (
    select
        account,
        channel,
        business_date_of(start_date) as closed_from_date
    from ranked
    where crawl_number = 1
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
        complete.last_complete_watermark,
        -- days that were over when it began, from where the first complete one began
        starts.closed_from_date,
        complete.closed_through_date
    from latest
    left join complete
        on latest.account = complete.account and latest.channel = complete.channel
    left join starts
        on latest.account = starts.account and latest.channel = starts.channel
    where latest.newness = 1
)

select * from final
