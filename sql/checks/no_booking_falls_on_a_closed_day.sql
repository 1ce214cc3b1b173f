-- severity: fail
-- scope: batch
-- harm: A day that was closed would change afterwards.
with loads as (
    select
        account,
        load_id,
        last_watermark
    from ops.fct_loads
),

crawls as (
    select
        windows.account,
        windows.channel,
        windows.load_id,
        windows.watermark_date,
        windows.watermark,
        loads.last_watermark as load_watermark,
        business_date_of(windows.start_date) as start_day
    from staging.stg_windows as windows
    inner join loads on windows.account = loads.account and windows.load_id = loads.load_id
    where windows.endpoint = 'orders/delta' and windows.status = 'complete'
),

-- the days that a channel had closed when each of its complete crawls ended
closings as (
    select
        account,
        channel,
        load_id,
        load_watermark,
        watermark_date as closed_before_date,
        first_value(start_day) over (
            partition by account, channel order by load_watermark, load_id, watermark
        ) as closed_from_date
    from crawls
),

entries as (
    select
        account,
        order_id,
        version_number,
        channel,
        booking_date
    from stored.fct_bookings
    where booking_date is not null
    union
    select
        account,
        order_id,
        version_number,
        channel,
        booking_date
    from stored.fct_payment_bookings
    where booking_date is not null
),

brought as (
    select
        entries.*,
        versions.load_id,
        loads.last_watermark as load_watermark
    from entries
    inner join stored.fct_order_versions as versions
        on
            entries.account = versions.account
            and entries.order_id = versions.order_id
            and entries.version_number = versions.version_number
    inner join loads
        on versions.account = loads.account and versions.load_id = loads.load_id
),

-- many bookings share a day and a load: those are compared with the crawls
days as (
    select
        account,
        channel,
        booking_date,
        load_id,
        load_watermark,
        min(order_id) as order_id
    from brought
    group by account, channel, booking_date, load_id, load_watermark
)

select
    days.account,
    days.channel,
    days.booking_date,
    days.order_id,
    closings.closed_before_date
from days
inner join closings
    on days.account = closings.account and days.channel = closings.channel
where
    days.booking_date < closings.closed_before_date
    and (closings.closed_from_date is null or days.booking_date >= closings.closed_from_date)
    and (
        days.load_watermark > closings.load_watermark
        or (days.load_watermark = closings.load_watermark and days.load_id > closings.load_id)
    )
