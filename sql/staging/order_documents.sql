-- grain: one row per version of an order, its payload parsed once for all staging models
-- key: account, order_id, version_number
with payloads as (
    -- by row number, so that DuckDB reads only these payloads out of gigabytes; few columns of the
    -- versions, so that it is they that are hashed for the join and not the payloads
    select
        orders.account,
        orders.order_id,
        versions.version_number,
        versions.is_latest,
        orders._watermark as seen_at,
        orders._dlt_load_id as seen_load_id,
        orders._read_seq as seen_seq,
        orders.content_hash,
        versions.first_seen_at,
        versions.valid_to,
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
),

final as (
    select
        *,
        doc is not null as is_readable
    from repaired
)

select * from final
