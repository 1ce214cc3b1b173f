-- grain: one row per version of an order: what it does to the books, and between which times
-- key: account, order_id, version_number
-- rebuild: temporary

-- A change happened after the last complete crawl of its channel before the load that brought it,
-- or that crawl would have shown it; of an order that moved, after those of both channels. Where
-- there was none, as for a channel that no crawl asks for, after the version before was read.
with orders as (
    select
        account,
        order_id,
        version_number,
        channel,
        business_date,
        invoice_number as receipt_number,
        order_class = 'sale' as is_sale,
        seen_at,
        seen_load_id as load_id
    from staging.stg_orders
),

-- with the version before, by a join of the few later versions: most orders have one
versions as (
    select
        later.*,
        coalesce(earlier.is_sale, false) as was_sale,
        earlier.seen_at as seen_before_at,
        nullif(earlier.channel, later.channel) as channel_before
    from orders as later
    left join orders as earlier
        on
            later.account = earlier.account
            and later.order_id = earlier.order_id
            and later.version_number = earlier.version_number + 1
            and later.version_number > 1
),

crawls as (
    select
        windows.account,
        windows.channel,
        windows.load_id,
        windows.watermark,
        loads.last_watermark as load_watermark
    from staging.stg_windows as windows
    inner join ops.fct_loads as loads
        on windows.account = loads.account and windows.load_id = loads.load_id
    where windows.endpoint = 'orders/delta' and windows.status = 'complete'
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
    from versions
    where channel_before is not null
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
        versions.*,
        status.closed_from_date,
        coalesce(greatest(own.last_crawl_at, other.last_crawl_at), versions.seen_before_at)
            as observed_after_at
    from versions
    left join before as own
        on
            versions.account = own.account
            and versions.load_id = own.load_id
            and versions.channel = own.channel
    left join before as other
        on
            versions.account = other.account
            and versions.load_id = other.load_id
            and versions.channel_before = other.channel
    left join ops.fct_crawl_status as status
        on versions.account = status.account and versions.channel = status.channel
),

final as (
    select
        account,
        order_id,
        version_number,
        channel,
        business_date,
        receipt_number,
        is_sale,
        case
            when is_sale and was_sale then 'correction'
            when is_sale then 'sale'
            when was_sale then 'cancellation'
        end as kind,
        observed_after_at,
        business_date_of(observed_after_at) as observed_after_date,
        seen_at as observed_until_at,
        business_date_of(seen_at) as observed_until_date,
        -- days before this one were over before anything of the channel was read
        case when version_number = 1 then closed_from_date end as opens_before_date
    from timed
)

select * from final
