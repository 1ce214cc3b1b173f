-- grain: one row per sales channel; codes that are not listed appear by themselves
-- key: channel
-- rebuild: full
with listed as (
    select * from seeds.channels
),

seen as (
    select channel from ops.fct_daily_sales
    union
    select channel from ops.fct_crawl_status
),

final as (
    select
        channel,
        label_de,
        label_en,
        certainty,
        sort_order,
        true as is_listed
    from listed
    union all
    select
        channel,
        channel as label_de,
        channel as label_en,
        'unknown' as certainty,
        50 as sort_order,
        false as is_listed
    from seen
    where channel not in (select channel from listed)
)

select * from final
