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

discounted as (
    select
        items.*,
        line_discount_of(
            items.has_discount,
            items.discount_type,
            items.discount_value,
            items.published_gross_amount
        ) as discount_amount,
        share_of_discount(
            discounts.order_id, discounts.discount_amount, shares.order_discount_amount
        ) as order_discount_amount
    from items
    left join discounts
        on
            items.account = discounts.account
            and items.order_id = discounts.order_id
            and items.version_number = discounts.version_number
    left join shares
        on
            items.account = shares.account
            and items.order_id = shares.order_id
            and items.version_number = shares.version_number
            and items.line_number = shares.line_number
),

priced as (
    select
        *,
        line_gross_of(published_gross_amount, discount_amount, order_discount_amount)
            as line_gross_amount
    from discounted
),

netted as (
    select
        *,
        net_of(line_gross_amount, tax_rate) as line_net_amount
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
        tax_rate,
        unit_net_price,
        unit_gross_amount,
        published_gross_amount,
        line_gross_amount,
        line_net_amount,
        cast(line_gross_amount - line_net_amount as decimal(18, 2)) as line_vat_amount,
        -- discounts
        discount_type,
        discount_value,
        discount_amount,
        order_discount_amount,
        -- attributes of the version
        is_latest,
        channel,
        order_class,
        business_date
    from netted
)

select * from final
