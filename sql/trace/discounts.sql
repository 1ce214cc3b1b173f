-- grain: one row per sale, level and kind of discount
-- marts: discounts
with given as (
    select
        account,
        order_id,
        business_date,
        channel,
        'line' as discount_level,
        coalesce(discount_type, 'unknown') as discount_type,
        discount_amount,
        line_gross_amount as gross_amount
    from core.fct_order_items
    where
        order_class = 'sale'
        and (discount_type is not null or discount_value is not null or discount_amount <> 0)
    union all
    select
        account,
        order_id,
        business_date,
        channel,
        'order' as discount_level,
        coalesce(discount_type, 'unknown') as discount_type,
        discount_amount,
        items_gross_amount as gross_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and (discount_type is not null or discount_value is not null or discount_amount <> 0)
),

final as (
    select
        account,
        order_id,
        business_date,
        channel,
        discount_level,
        discount_type,
        1 as order_count,
        count(*) as discount_count,
        sum(discount_amount) as discount_amount,
        sum(gross_amount) as gross_amount,
        count(*) filter (where discount_amount is null) as unknown_amount_count
    from given
    group by account, order_id, business_date, channel, discount_level, discount_type
)

select * from final
