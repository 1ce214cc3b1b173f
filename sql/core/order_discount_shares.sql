-- grain: one row per line that bears a share of a discount on its whole order
-- key: account, order_id, version_number, line_number
-- rebuild: temporary

-- By gross amount, to the cent, largest remainder; the shares add up to the discount. Lines at zero
-- or below bear nothing. If none is above zero, or the order is too large for exact shares in 64
-- bits (30 million), the first line bears it all.
with discounts as (
    select
        account,
        order_id,
        version_number,
        discount_amount,
        cents_of(abs(discount_amount)) as discount_cents
    from core.order_discounts
    where discount_amount <> 0
),

items as (
    select * from staging.stg_order_items
),

lines as (
    select
        items.account,
        items.order_id,
        items.version_number,
        items.line_number,
        discounts.discount_amount,
        discounts.discount_cents,
        case
            when items.has_discount and not prices_include_discount()
                then
                    wide(items.published_gross_amount)
                    - coalesce(
                        discount_of(
                            items.discount_type,
                            items.discount_value,
                            items.published_gross_amount,
                            false
                        ),
                        0
                    )
            else wide(items.published_gross_amount)
        end as base_amount
    from items
    inner join discounts
        on
            items.account = discounts.account
            and items.order_id = discounts.order_id
            and items.version_number = discounts.version_number
    where items.published_gross_amount is not null
),

weights as (
    select
        *,
        case
            when base_amount > 0 and base_amount <= 30000000 then cents_of(base_amount) else 0
        end as weight,
        sum(case when base_amount > 0 then base_amount else 0 end) over (
            partition by account, order_id, version_number
        ) as total_base_amount,
        row_number() over (
            partition by account, order_id, version_number
            order by line_number
        ) as line_rank
    from lines
),

parts as (
    select
        *,
        case
            when total_base_amount > 0 and total_base_amount <= 30000000
                then cast(total_base_amount * 100 as bigint)
        end as total_weight
    from weights
),

floors as (
    select
        *,
        case
            when total_weight is not null
                then share_floor_of(discount_cents, weight, total_weight)
            when line_rank = 1 then discount_cents
            else 0
        end as floor_cents,
        coalesce(share_remainder_of(discount_cents, weight, total_weight), 0) as remainder
    from parts
),

ranked as (
    select
        *,
        discount_cents - sum(floor_cents) over (
            partition by account, order_id, version_number
        ) as left_over_cents,
        row_number() over (
            partition by account, order_id, version_number
            order by remainder desc, line_number asc
        ) as remainder_rank
    from floors
),

final as (
    select
        account,
        order_id,
        version_number,
        line_number,
        case when discount_amount < 0 then -1 else 1 end
        * amount_of_cents(
            floor_cents + case when remainder_rank <= left_over_cents then 1 else 0 end
        ) as order_discount_amount
    from ranked
)

select
    account,
    order_id,
    version_number,
    line_number,
    cast(order_discount_amount as decimal(18, 2)) as order_discount_amount
from final
