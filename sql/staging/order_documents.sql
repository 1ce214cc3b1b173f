-- grain: one row per version of an order, its payload parsed once for all staging models
-- key: account, order_id, version_number
with payloads as (
    -- by row number, so that DuckDB reads only these payloads out of gigabytes
    select
        versions.*,
        orders.channel as read_channel,
        orders.state as read_state,
        orders.payload,
        order_document(orders.payload) as doc
    from raw.orders as orders
    inner join staging.order_versions as versions on orders.rowid = versions.raw_row
),

repaired as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        content_hash,
        first_seen_at,
        valid_to,
        read_channel,
        read_state,
        doc is null as is_broken,
        coalesce(doc, order_document(readable_json(payload))) as doc
    from payloads
)

select * from repaired
