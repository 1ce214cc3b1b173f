-- grain: one row per order whose latest version is compared with its facts, member by member: all
--   of a batch of up to 200, every 61st of a larger one
-- key: account, order_id
with batch as (
    select count(*) as order_count from staging.batch_orders
),

versions as (
    select
        versions.account,
        versions.order_id,
        versions.raw_row
    from staging.order_versions as versions
    cross join batch
    where versions.is_latest and (batch.order_count <= 200 or versions.order_id % 61 = 0)
),

final as (
    select
        versions.account,
        versions.order_id,
        orders._watermark as seen_at,
        orders._dlt_load_id as seen_load_id,
        orders._read_seq as seen_seq,
        try_cast(orders.payload as json) as payload
    from raw.orders as orders
    inner join versions on orders.rowid = versions.raw_row
    where not has_names_twice(orders.content_hash)
)

select * from final
where payload is not null
