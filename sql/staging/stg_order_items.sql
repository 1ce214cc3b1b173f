-- grain: one row per basket item of a version
-- key: account, order_id, version_number, line_number
with items as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        channel,
        order_class,
        business_date,
        has_bit(state, 16) as is_refunded,
        coalesce(completed_at, ordered_at, seen_at) as sold_at,
        unnest(item_list) as item,
        cast(generate_subscripts(item_list, 1) as integer) as line_number
    from staging.stg_orders
),

sent as (
    -- an element without any known member is no item; a finding tells
    select
        * exclude (item),
        item.id as item_id_sent,
        text_of(item.product) as product_id_sent,
        text_of(item.product_code) as product_code,
        text_of(item.name) as product_name,
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
        id_of(product_id_sent) as product_id,
        try_cast(plain_of(quantity_sent) as decimal(12, 3)) as quantity,
        try_cast(plain_of(original_quantity_sent) as decimal(12, 3)) as original_quantity,
        rate_of(tax_rate_sent) as tax_rate,
        try_cast(plain_of(unit_net_price_sent) as decimal(20, 10)) as unit_net_price,
        amount_of(unit_gross_sent) as unit_gross_amount,
        amount_of(gross_sent) as gross_amount,
        try_cast(plain_of(discount_value_sent) as decimal(20, 10)) as discount_value
    from sent
),

returned as (
    select
        *,
        case
            when original_quantity > 100000 then null
            when quantity >= 0 and quantity < original_quantity then original_quantity - quantity
            when quantity is not null and original_quantity is not null then 0
        end as returned_quantity
    from typed
),

told as (
    -- the price of the lowered quantity, or still that of the original one: it lies nearer to it
    select
        *,
        is_refunded and coalesce(returned_quantity > 0, false) as is_returned,
        case
            when quantity = 0 then gross_amount = 0
            when abs(gross_amount) < 100000000
                then
                    abs(wide(gross_amount) - wide(unit_gross_amount) * quantity)
                    < abs(wide(gross_amount) - wide(unit_gross_amount) * original_quantity)
        end as is_lowered_price
    from returned
),

final as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        line_number,
        whole_of(item_id_sent) as item_id,
        product_id,
        product_code,
        product_name,
        -- of a refunded order: what was sold, also where a part of it came back
        case when is_returned then original_quantity else quantity end as quantity,
        original_quantity,
        returned_quantity,
        tax_rate,
        unit_net_price,
        unit_gross_amount,
        -- what was sent and cannot be read stays unknown; only what was not sent is derived
        case
            when gross_sent is null
                then
                    try_cast(
                        wide(unit_gross_amount)
                        * case when is_returned then original_quantity else quantity end
                        as decimal(18, 2)
                    )
            when not is_returned or not coalesce(is_lowered_price, false) then gross_amount
            when quantity = 0
                then try_cast(wide(unit_gross_amount) * original_quantity as decimal(18, 2))
            else part_of_amount(gross_amount, original_quantity, quantity)
        end as published_gross_amount,
        discount_type,
        discount_value,
        discount_type is not null or discount_value_sent is not null as has_discount,
        -- of the order
        is_refunded,
        is_returned,
        channel,
        order_class,
        business_date,
        sold_at,
        -- for the findings: as sent what was not taken as it stands
        gross_sent is not null as has_gross_price,
        case when product_id is null then product_id_sent end as product_id_sent,
        case when quantity is null then quantity_sent end as quantity_sent,
        case when original_quantity is null then original_quantity_sent
        end as original_quantity_sent,
        case when tax_rate is null then tax_rate_sent end as tax_rate_sent,
        case when unit_net_price is null then unit_net_price_sent end as unit_net_price_sent,
        case when is_odd_amount(unit_gross_sent, unit_gross_amount) then unit_gross_sent
        end as unit_gross_sent,
        case when is_odd_amount(gross_sent, gross_amount) then gross_sent end as gross_sent,
        case when discount_value is null then discount_value_sent end as discount_value_sent
    from told
)

select * from final
