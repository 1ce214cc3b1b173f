-- grain: one row per version of an order of the batch: the read that first showed it
-- key: account, order_id, version_number
with reads as (
    select
        orders.account,
        orders.order_id,
        orders.content_hash,
        orders.state,
        orders.channel,
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
        lag(content_hash) over history as previous_hash,
        lag(state) over history as previous_state,
        lag(channel) over history as previous_channel,
        lag(raw_row) over history as previous_row
    from reads
    semi join read_again
        on reads.account = read_again.account and reads.order_id = read_again.order_id
    window history as (
        partition by account, order_id
        order by seen_at, seen_load_id, seen_seq, content_hash, raw_row
    )
),

doubtful as (
    -- other bytes than the read before: another version, unless they say the same
    select
        raw_row,
        previous_row
    from compared
    where
        content_hash <> previous_hash
        and 'missing' not in (content_hash, previous_hash)
        and coalesce(state = previous_state, true)
        and coalesce(channel = previous_channel, true)
),

contents as (
    select
        doubtful.raw_row,
        content_of(orders.payload, orders.content_hash) as content
    from raw.orders as orders
    inner join doubtful on orders.rowid = doubtful.raw_row
),

contents_before as (
    select
        doubtful.raw_row,
        content_of(orders.payload, orders.content_hash) as content_before
    from raw.orders as orders
    inner join doubtful on orders.rowid = doubtful.previous_row
),

respelled as (
    select contents.raw_row
    from contents
    inner join contents_before on contents.raw_row = contents_before.raw_row
    where same_content(contents.content, contents_before.content_before)
),

told as (
    select
        compared.*,
        compared.read_number = 1
        or (
            compared.content_hash is distinct from compared.previous_hash
            and respelled.raw_row is null
        ) as is_first
    from compared
    left join respelled on compared.raw_row = respelled.raw_row
),

numbered as (
    select
        *,
        cast(
            count(*) filter (where is_first) over (
                partition by account, order_id order by read_number
            ) as integer
        ) as version_number
    from told
),

closed as (
    -- the hash of the latest read: what the next one is compared with
    select
        *,
        last_value(content_hash) over (
            partition by account, order_id, version_number
            order by read_number
            rows between unbounded preceding and unbounded following
        ) as latest_hash
    from numbered
),

read_often as (
    select
        account,
        order_id,
        version_number,
        lead(read_number) over versions is null as is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        latest_hash as content_hash,
        first_value(seen_at) over versions as first_seen_at,
        lead(seen_at) over versions as valid_to,
        raw_row
    from closed
    where is_first
    window versions as (partition by account, order_id order by read_number)
),

final as (
    select * from read_once
    union all
    select * from read_often
)

select * from final
