-- grain: one row per version of an order: when what it shows can have happened
-- key: account, order_id, version_number
-- rebuild: temporary

-- A change happened after the last complete crawl of its channel before the load that brought it,
-- or that crawl would have shown it; of an order that moved, after those of both channels.
with versions as (
    select
        account,
        order_id,
        version_number,
        channel,
        seen_at,
        seen_load_id as load_id,
        business_date
    from staging.stg_orders
),

-- by a join of the few later versions: most orders have one
moved as (
    select
        later.account,
        later.order_id,
        later.version_number,
        later.load_id,
        earlier.channel as channel_before
    from versions as later
    inner join versions as earlier
        on
            later.account = earlier.account
            and later.order_id = earlier.order_id
            and later.version_number = earlier.version_number + 1
    where later.version_number > 1 and later.channel <> earlier.channel
),

crawls as (
    select
        windows.account,
        windows.channel,
        windows.load_id,
        windows.watermark,
        windows.start_date,
        loads.last_watermark as load_watermark
    from staging.stg_windows as windows
    inner join ops.fct_loads as loads
        on windows.account = loads.account and windows.load_id = loads.load_id
    where windows.endpoint = 'orders/delta' and windows.status = 'complete'
),

ranked as (
    select
        account,
        channel,
        start_date,
        row_number() over (
            partition by account, channel order by load_watermark, load_id, watermark, start_date
        ) as crawl_number
    from crawls
),

-- where the first complete crawl of a channel began; null: it read everything
starts as (
    select
        account,
        channel,
        business_date_of(start_date) as channel_start_date
    from ranked
    where crawl_number = 1
),

asked as (
    select
        account,
        channel,
        load_id
    from versions
    union
    select
        account,
        channel_before as channel,
        load_id
    from moved
),

events as (
    select
        account,
        channel,
        load_id,
        load_watermark,
        watermark
    from crawls
    union all
    select
        asked.account,
        asked.channel,
        asked.load_id,
        loads.last_watermark as load_watermark,
        cast(null as timestamptz) as watermark
    from asked
    inner join ops.fct_loads as loads
        on asked.account = loads.account and asked.load_id = loads.load_id
),

by_load as (
    select
        account,
        channel,
        load_id,
        load_watermark,
        max(watermark) as watermark
    from events
    group by account, channel, load_id, load_watermark
),

before as (
    select
        account,
        channel,
        load_id,
        max(watermark) over (
            partition by account, channel
            order by load_watermark, load_id
            rows between unbounded preceding and 1 preceding
        ) as last_crawl_at
    from by_load
),

timed as (
    select
        versions.account,
        versions.order_id,
        versions.version_number,
        versions.seen_at,
        versions.business_date,
        starts.channel_start_date,
        greatest(own.last_crawl_at, other.last_crawl_at) as observed_after_at
    from versions
    left join before as own
        on
            versions.account = own.account
            and versions.load_id = own.load_id
            and versions.channel = own.channel
    left join moved
        on
            versions.account = moved.account
            and versions.order_id = moved.order_id
            and versions.version_number = moved.version_number
    left join before as other
        on
            moved.account = other.account
            and moved.load_id = other.load_id
            and moved.channel_before = other.channel
    left join starts on versions.account = starts.account and versions.channel = starts.channel
),

final as (
    select
        account,
        order_id,
        version_number,
        observed_after_at,
        business_date_of(observed_after_at) as observed_after_date,
        seen_at as observed_until_at,
        business_date_of(seen_at) as observed_until_date,
        -- days before this one were over before anything of the channel was read
        case when version_number = 1 then channel_start_date end as opens_before_date
    from timed
)

select * from final
