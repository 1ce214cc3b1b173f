-- grain: one row per version of an order of the batch: the read that first showed it
-- key: account, order_id, version_number
with reads as (
    select
        orders.account,
        orders.order_id,
        orders.content_hash,
        orders._watermark as seen_at,
        orders._dlt_load_id as seen_load_id,
        orders._read_seq as seen_seq,
        orders.rowid as raw_row
    from raw.orders as orders
    inner join staging.batch_orders as batch
        on orders.account = batch.account and orders.order_id = batch.order_id
    where
        orders._dlt_load_id in (
            select loads.load_id
            from raw._dlt_loads as loads
            where loads.status = 0
        )
),

read_again as (
    select
        account,
        order_id
    from reads
    group by account, order_id
    having count(*) > 1
),

-- most orders were read once; to sort those too would cost most of the time that this takes
read_once as (
    select
        account,
        order_id,
        cast(1 as integer) as version_number,
        true as is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        content_hash,
        seen_at as first_seen_at,
        cast(null as timestamptz) as valid_to,
        raw_row
    from reads
    anti join read_again
        on reads.account = read_again.account and reads.order_id = read_again.order_id
),

compared as (
    select
        *,
        row_number() over history as read_number,
        lag(content_hash) over history as previous_hash
    from reads
    semi join read_again
        on reads.account = read_again.account and reads.order_id = read_again.order_id
    window history as (
        partition by account, order_id
        order by seen_at, seen_load_id, seen_seq, content_hash, raw_row
    )
),

first_reads as (
    -- a read of what the read before it showed is no new version
    select *
    from compared
    where read_number = 1 or content_hash is distinct from previous_hash
),

numbered as (
    select
        account,
        order_id,
        cast(row_number() over versions as integer) as version_number,
        lead(read_number) over versions is null as is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        content_hash,
        first_value(seen_at) over versions as first_seen_at,
        lead(seen_at) over versions as valid_to,
        raw_row
    from first_reads
    window versions as (partition by account, order_id order by read_number)
),

final as (
    select * from read_once
    union all
    select * from numbered
)

select * from final
