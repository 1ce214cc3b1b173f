-- grain: one row per basket item of an order's latest version
-- key: account, order_id, line_number
-- rebuild: by order
with lines as (
    select * from core.netted_lines
    where is_latest
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
        line_vat_amount,
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
    from lines
)

select * from final
