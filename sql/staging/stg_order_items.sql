-- grain: one row per basket item of a version
-- key: account, order_id, version_number, line_number
with items as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        unnest(doc.basket.items) as item,
        cast(generate_subscripts(doc.basket.items, 1) as integer) as line_number
    from staging.order_documents
),

sent as (
    -- an element without any known member is no item; a finding tells
    select
        * exclude (item),
        item.id as item_id_sent,
        text_of(item.product) as product_id_sent,
        item.product_code,
        item.name,
        text_of(item.quantity) as quantity_sent,
        text_of(item.original_quantity) as original_quantity_sent,
        text_of(item.tax_rate) as tax_rate_sent,
        text_of(item.price) as unit_net_price_sent,
        text_of(item.unit_gross_price) as unit_gross_sent,
        text_of(item.gross_price) as gross_sent,
        lower(text_of(item.discount.type)) as discount_type,
        text_of(item.discount.amount) as discount_value_sent
    from items
    where
        coalesce(
            item.id,
            item.name,
            item.product,
            item.product_code,
            item.price,
            item.quantity,
            item.original_quantity,
            item.tax_rate,
            item.unit_gross_price,
            item.gross_price
        ) is not null
),

typed as (
    select
        *,
        try_cast(quantity_sent as decimal(12, 3)) as quantity,
        amount_of(unit_gross_sent) as unit_gross_amount
    from sent
),

final as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        line_number,
        whole_of(item_id_sent) as item_id,
        whole_of(product_id_sent) as product_id,
        text_of(product_code) as product_code,
        text_of(name) as product_name,
        quantity,
        try_cast(original_quantity_sent as decimal(12, 3)) as original_quantity,
        rate_of(tax_rate_sent) as tax_rate,
        try_cast(unit_net_price_sent as decimal(20, 10)) as unit_net_price,
        unit_gross_amount,
        -- what was sent and cannot be read stays unknown; only what was not sent is derived
        case
            when gross_sent is null
                then try_cast(wide(unit_gross_amount) * quantity as decimal(18, 2))
            else amount_of(gross_sent)
        end as published_gross_amount,
        discount_type,
        try_cast(discount_value_sent as decimal(20, 10)) as discount_value,
        discount_type is not null or discount_value_sent is not null as has_discount,
        -- as sent, for the findings
        item_id_sent,
        product_id_sent,
        quantity_sent,
        original_quantity_sent,
        tax_rate_sent,
        unit_net_price_sent,
        unit_gross_sent,
        gross_sent,
        discount_value_sent
    from typed
)

select * from final
