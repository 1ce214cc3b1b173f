-- severity: fail
-- scope: batch
-- harm: An order that the API sent would be missing from every report, or stand there in an old
--   version.
with reads as (
    select
        orders.account,
        orders.order_id,
        orders.content_hash,
        row_number() over (
            partition by orders.account, orders.order_id
            order by
                orders._watermark desc,
                orders._dlt_load_id desc,
                orders._read_seq desc,
                orders.content_hash desc
        ) as recency
    from raw.orders as orders
    inner join staging.batch_orders as batch
        on orders.account = batch.account and orders.order_id = batch.order_id
    where
        orders._dlt_load_id in (
            select loads.load_id
            from raw._dlt_loads as loads
            where loads.status = 0
        )
)

select
    reads.account,
    reads.order_id,
    reads.content_hash as newest_content_hash,
    orders.content_hash
from reads
left join core.stored_orders as orders
    on reads.account = orders.account and reads.order_id = orders.order_id
where
    reads.recency = 1
    and (orders.order_id is null or orders.content_hash is distinct from reads.content_hash)
