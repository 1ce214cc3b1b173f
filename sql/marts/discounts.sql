-- grain: one row per account, business date, channel, level and kind of discount that was given
-- key: account, business_date, channel, discount_level, discount_type
-- rebuild: by date
with dates as (
    select * from increments.affected_dates
),

items as (
    select
        facts.account,
        facts.order_id,
        facts.business_date,
        facts.channel,
        coalesce(facts.discount_type, 'unknown') as discount_type,
        facts.discount_amount,
        facts.line_gross_amount
    from core.fct_order_items as facts
    inner join dates on facts.business_date = dates.business_date
    where
        facts.order_class = 'sale'
        and (
            facts.discount_type is not null
            or facts.discount_value is not null
            or facts.discount_amount <> 0
        )
),

orders as (
    select
        facts.account,
        facts.order_id,
        facts.business_date,
        facts.channel,
        coalesce(facts.discount_type, 'unknown') as discount_type,
        facts.discount_amount,
        facts.items_gross_amount
    from core.fct_orders as facts
    inner join dates on facts.business_date = dates.business_date
    where
        facts.order_class = 'sale'
        and (
            facts.discount_type is not null
            or facts.discount_value is not null
            or facts.discount_amount <> 0
        )
),

given as (
    select
        account,
        order_id,
        business_date,
        channel,
        'line' as discount_level,
        discount_type,
        discount_amount,
        line_gross_amount as gross_amount
    from items
    union all
    select
        account,
        order_id,
        business_date,
        channel,
        'order' as discount_level,
        discount_type,
        discount_amount,
        items_gross_amount as gross_amount
    from orders
),

totals as (
    select
        account,
        business_date,
        channel,
        discount_level,
        discount_type,
        count(distinct order_id) as order_count,
        count(*) as discount_count,
        coalesce(try_cast(sum(discount_amount) as decimal(18, 2)), 0) as discount_amount,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        count(*) filter (where discount_amount is null) as unknown_amount_count
    from given
    group by account, business_date, channel, discount_level, discount_type
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        discount_level,
        discount_type,
        -- measures
        order_count,
        discount_count,
        discount_amount,
        gross_amount,
        ratio_of(cents_of(discount_amount), cents_of(discount_amount) + cents_of(gross_amount))
            as discount_ratio,
        unknown_amount_count
    from totals
)

select * from final
