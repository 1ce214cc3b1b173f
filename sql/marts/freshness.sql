-- grain: one row per account and channel that was ever asked for or has an order
-- key: account, channel
-- rebuild: full
with crawls as (
    select * from ops.fct_crawl_status
),

orders as (
    select
        account,
        channel,
        max(last_order_at) as newest_order_at,
        max(business_date) filter (where order_count > 0) as newest_sale_date
    from ops.fct_daily_sales
    group by account, channel
),

latest as (
    select
        account,
        max(last_complete_watermark) as newest_complete_watermark
    from crawls
    group by account
),

final as (
    select
        -- keys
        coalesce(crawls.account, orders.account) as account,
        coalesce(crawls.channel, orders.channel) as channel,
        -- orders
        orders.newest_order_at,
        orders.newest_sale_date,
        -- crawls
        crawls.last_crawl_at,
        crawls.last_crawl_status,
        crawls.last_crawl_message,
        crawls.last_complete_at as last_complete_crawl_at,
        crawls.last_complete_watermark as known_until,
        -- verdict
        case
            when
                crawls.last_complete_watermark is null and crawls.last_crawl_status = 'unsupported'
                then 'not offered'
            when crawls.last_complete_watermark is null then 'never read'
            when crawls.last_crawl_status <> 'complete' then 'broken'
            when crawls.last_complete_watermark < latest.newest_complete_watermark - interval 1 day
                then 'behind'
            when orders.newest_order_at is null then 'no orders'
            when orders.newest_order_at < crawls.last_complete_watermark - interval 7 day
                then 'quiet'
            else 'trading'
        end as freshness,
        -- the books
        crawls.closed_from_date,
        crawls.closed_through_date
    from crawls
    full outer join orders
        on crawls.account = orders.account and crawls.channel = orders.channel
    left join latest on crawls.account = latest.account
)

select * from final
