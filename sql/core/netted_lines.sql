-- grain: one row per basket item of any version of an order, with its net amount and VAT
-- key: account, order_id, version_number, line_number
-- rebuild: inline
with lines as (
    select * from core.priced_lines
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
        line_net_amount,
        cast(line_gross_amount - line_net_amount as decimal(18, 2)) as line_vat_amount,
        refund_quantity,
        refund_amount,
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
