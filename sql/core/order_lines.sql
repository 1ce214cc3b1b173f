-- grain: one row per basket item of every version of an order
-- key: account, order_id, version_number, line_number
-- rebuild: temporary
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
        cast(
            case
                when not items.has_discount then 0
                else
                    discount_of(
                        items.discount_type,
                        items.discount_value,
                        items.published_gross_amount,
                        prices_include_discount()
                    )
            end as decimal(18, 2)
        ) as discount_amount,
        -- unknown when the discount's amount is, or when the line has none to bear it with
        cast(
            case
                when discounts.order_id is null or discounts.discount_amount = 0 then 0
                else shares.order_discount_amount
            end as decimal(18, 2)
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
        case
            when prices_include_discount() then published_gross_amount
            else
                try_cast(
                    wide(published_gross_amount)
                    - coalesce(wide(discount_amount), 0)
                    - coalesce(wide(order_discount_amount), 0)
                    as decimal(18, 2)
                )
        end as line_gross_amount
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
        account,
        order_id,
        version_number,
        is_latest,
        line_number,
        item_id,
        product_id,
        product_code,
        product_name,
        quantity,
        original_quantity,
        tax_rate,
        unit_net_price,
        unit_gross_amount,
        line_gross_amount,
        line_net_amount,
        cast(line_gross_amount - line_net_amount as decimal(18, 2)) as line_vat_amount,
        discount_type,
        discount_value,
        discount_amount,
        channel,
        order_class,
        business_date,
        order_discount_amount,
        published_gross_amount
    from netted
)

select * from final
