-- grain: one row per basket item of an order's latest version
-- key: account, order_id, line_number
-- rebuild: by order
with lines as (
    select * from core.priced_lines
    where is_latest
),

shared as (
    select * from core.line_nets
),

netted as (
    select
        lines.*,
        coalesce(shared.line_net_amount, net_of(lines.line_gross_amount, lines.tax_rate))
            as line_net_amount
    from lines
    left join shared
        on
            lines.account = shared.account
            and lines.order_id = shared.order_id
            and lines.version_number = shared.version_number
            and lines.line_number = shared.line_number
),

final as (
    select
        -- keys
        account,
        order_id,
        item_id,
        line_number,
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
        line_gross_amount,
        line_net_amount,
        cast(line_gross_amount - line_net_amount as decimal(18, 2)) as line_vat_amount,
        -- discounts
        discount_type,
        discount_value,
        discount_amount,
        -- attributes of the order
        channel,
        order_class,
        business_date,
        -- discounts, continued
        order_discount_amount,
        published_gross_amount,
        -- returns
        returned_quantity,
        refund_quantity,
        refund_amount
    from netted
)

select * from final
