-- severity: fail
-- scope: batch
-- harm: An order that the API sent would be missing from every report, or stand there in an old
--   version.
with reads as (
    select
        orders.account,
        orders.order_id,
        orders.content_hash,
        orders._watermark as seen_at,
        orders._dlt_load_id as seen_load_id,
        orders._read_seq as seen_seq
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

-- an order of which every read shows what is stored needs no newest read to be right
others as (
    select
        reads.account,
        reads.order_id
    from reads
    left join stored.fct_orders as orders
        on reads.account = orders.account and reads.order_id = orders.order_id
    where orders.order_id is null or orders.content_hash is distinct from reads.content_hash
    group by reads.account, reads.order_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by account, order_id
            order by seen_at desc, seen_load_id desc, seen_seq desc, content_hash desc
        ) as recency
    from reads
    semi join others on reads.account = others.account and reads.order_id = others.order_id
)

select
    ranked.account,
    ranked.order_id,
    ranked.content_hash as newest_content_hash,
    orders.content_hash
from ranked
left join stored.fct_orders as orders
    on ranked.account = orders.account and ranked.order_id = orders.order_id
where
    ranked.recency = 1
    and (orders.order_id is null or orders.content_hash is distinct from ranked.content_hash)
