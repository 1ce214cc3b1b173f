-- grain: one row per distinct version of an order
-- key: account, order_id, version_number
-- rebuild: by order
with orders as (
    select * from staging.stg_orders
),

amounts as (
    select * from core.order_amounts
),

final as (
    select
        -- keys
        orders.account,
        orders.order_id,
        orders.version_number,
        -- the version
        orders.state,
        orders.content_hash,
        orders.seen_at as valid_from,
        orders.valid_to,
        orders.seen_load_id as load_id,
        -- attributes
        orders.channel,
        orders.order_class,
        orders.business_date,
        -- measures
        case
            when amounts.item_count is null then cast(0 as decimal(12, 3)) else amounts.quantity
        end as quantity,
        case
            when amounts.item_count is null then cast(0 as decimal(18, 2))
            else amounts.items_gross_amount
        end as items_gross_amount,
        case
            when amounts.item_count is null then cast(0 as decimal(18, 2))
            else amounts.items_net_amount
        end as items_net_amount,
        case
            when amounts.item_count is null then cast(0 as decimal(18, 2))
            else amounts.items_vat_amount
        end as items_vat_amount,
        orders.shipping_gross_amount,
        orders.amount_paid,
        -- states
        has_bit(orders.state, 16) as is_refunded,
        orders.is_latest,
        coalesce(amounts.item_count, 0) as item_count
    from orders
    left join amounts
        on
            orders.account = amounts.account
            and orders.order_id = amounts.order_id
            and case when orders.is_latest then 0 else orders.version_number end
            = amounts.superseded_version
)

select * from final
