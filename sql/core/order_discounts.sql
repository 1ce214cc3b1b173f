-- grain: one row per version of an order that has a discount, on the order or on a line
-- key: account, order_id, version_number
-- rebuild: temporary
with orders as (
    select * from staging.stg_orders
),

items as (
    select * from staging.stg_order_items
),

discounted as (
    select
        account,
        order_id,
        version_number
    from staging.stg_orders
    where has_discount
    union
    select
        account,
        order_id,
        version_number
    from staging.stg_order_items
    where has_discount
),

lines as (
    select
        items.account,
        items.order_id,
        items.version_number,
        items.published_gross_amount,
        case
            when not items.has_discount then 0
            else
                discount_of(
                    items.discount_type,
                    items.discount_value,
                    items.published_gross_amount,
                    false
                )
        end as deduction_amount
    from items
    inner join discounted
        on
            items.account = discounted.account
            and items.order_id = discounted.order_id
            and items.version_number = discounted.version_number
),

totals as (
    select
        account,
        order_id,
        version_number,
        try_cast(sum(published_gross_amount) as decimal(18, 2)) as published_gross_amount,
        try_cast(sum(deduction_amount) as decimal(18, 2)) as deduction_amount,
        count(*) - count(deduction_amount) as unknown_deductions
    from lines
    group by account, order_id, version_number
),

bases as (
    select
        orders.account,
        orders.order_id,
        orders.version_number,
        orders.has_discount,
        orders.discount_type,
        orders.discount_value,
        orders.amount_paid,
        coalesce(orders.shipping_gross_amount, 0) as shipping_gross_amount,
        totals.published_gross_amount,
        totals.deduction_amount,
        totals.unknown_deductions,
        try_cast(
            wide(totals.published_gross_amount) - wide(totals.deduction_amount) as decimal(18, 2)
        ) as reduced_gross_amount
    from orders
    inner join discounted
        on
            orders.account = discounted.account
            and orders.order_id = discounted.order_id
            and orders.version_number = discounted.version_number
    left join totals
        on
            orders.account = totals.account
            and orders.order_id = totals.order_id
            and orders.version_number = totals.version_number
),

amounts as (
    select
        *,
        -- nothing to take it from: it cannot be told
        case
            when not has_discount then 0
            when published_gross_amount is null then null
            when prices_include_discount()
                then discount_of(discount_type, discount_value, published_gross_amount, true)
            else discount_of(discount_type, discount_value, reduced_gross_amount, false)
        end as discount_amount,
        case
            when not has_discount then 0
            else discount_of(discount_type, discount_value, published_gross_amount, false)
        end as order_deduction_amount,
        case
            when unknown_deductions > 0 then null
            when not has_discount then wide(deduction_amount)
            else
                wide(deduction_amount)
                + wide(discount_of(discount_type, discount_value, reduced_gross_amount, false))
        end as all_deductions_amount,
        wide(published_gross_amount) + wide(shipping_gross_amount) as published_due_amount
    from bases
),

fits as (
    select
        *,
        coalesce(agree(published_due_amount, amount_paid), false) as is_included,
        coalesce(agree(published_due_amount - all_deductions_amount, amount_paid), false)
            as is_excluded,
        coalesce(agree(published_due_amount - wide(order_deduction_amount), amount_paid), false)
        and has_discount and deduction_amount <> 0 as is_order_excluded
    from amounts
),

final as (
    select
        account,
        order_id,
        version_number,
        discount_amount,
        case
            when
                cast(is_included as integer)
                + cast(is_excluded as integer)
                + cast(is_order_excluded as integer) > 1
                then 'several'
            when is_included then 'included'
            when is_excluded then 'excluded'
            when is_order_excluded then 'order_excluded'
            else 'none'
        end as discount_fit
    from fits
)

select * from final
