-- grain: one row per basket item of any version of an order, with what it costs after all discounts
-- key: account, order_id, version_number, line_number
-- rebuild: inline
with items as (
    select * from staging.stg_order_items
),

shares as (
    select * from core.order_discount_shares
),

discounts as (
    select * from core.order_discounts
),

came_back as (
    select
        account,
        order_id,
        version_number
    from staging.stg_order_items
    where is_returned
    group by account, order_id, version_number
),

shared as (
    select
        items.*,
        came_back.order_id is not null as has_returned_lines,
        share_of_discount(
            discounts.order_id, discounts.discount_amount, shares.order_discount_amount
        ) as order_discount_amount
    from items
    left join discounts
        on
            items.account = discounts.account
            and items.order_id = discounts.order_id
            and items.version_number = discounts.version_number
    left join came_back
        on
            items.account = came_back.account
            and items.order_id = came_back.order_id
            and items.version_number = came_back.version_number
    left join shares
        on
            items.account = shares.account
            and items.order_id = shares.order_id
            and items.version_number = shares.version_number
            and items.line_number = shares.line_number
),

discounted as (
    select
        *,
        line_discount_of(
            has_discount,
            discount_type,
            discount_value,
            amount_at_own_discount(published_gross_amount, order_discount_amount)
        ) as discount_amount
    from shared
),

priced as (
    select
        *,
        line_gross_of(published_gross_amount, discount_amount, order_discount_amount)
            as line_gross_amount
    from discounted
),

refunded as (
    -- goods that came back: all, or the part of the lines of which less is left
    select
        *,
        case
            when not is_refunded then null
            when order_class <> 'sale' then 0
            when not has_returned_lines then quantity
            when is_returned then returned_quantity
            else 0
        end as refund_quantity,
        case
            when not is_refunded then null
            when order_class <> 'sale' then 0
            when not has_returned_lines then line_gross_amount
            when is_returned
                then
                    line_gross_amount
                    - part_of_amount(line_gross_amount, quantity - returned_quantity, quantity)
            else 0
        end as refund_amount
    from priced
),

final as (
    select
        -- keys
        account,
        order_id,
        version_number,
        line_number,
        item_id,
        -- product
        product_id,
        product_code,
        product_name,
        -- measures
        quantity,
        original_quantity,
        returned_quantity,
        tax_rate,
        unit_net_price,
        unit_gross_amount,
        published_gross_amount,
        line_gross_amount,
        cast(refund_quantity as decimal(12, 3)) as refund_quantity,
        cast(refund_amount as decimal(18, 2)) as refund_amount,
        -- discounts
        discount_type,
        discount_value,
        discount_amount,
        order_discount_amount,
        -- attributes of the version
        is_latest,
        has_returned_lines,
        channel,
        order_class,
        business_date,
        sold_at
    from refunded
)

select * from final
