-- grain: one row per account and completed load
-- key: account, load_id
-- rebuild: by load
with crawls as (
    select * from staging.stg_windows
    where load_id in (select load_id from staging.new_loads)
),

final as (
    select
        -- keys
        account,
        load_id,
        -- the server's clock
        min(watermark) as first_watermark,
        max(watermark) as last_watermark,
        -- measures
        count(*) as crawl_count,
        count(*) filter (where status not in ('complete', 'unsupported')) as broken_crawl_count,
        cast(coalesce(sum(row_count), 0) as bigint) as order_row_count,
        cast(coalesce(sum(quarantined), 0) as bigint) as quarantined_count
    from crawls
    group by account, load_id
)

select * from final
