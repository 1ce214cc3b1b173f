-- grain: one row per product that any version of an order ever named
-- key: account, product_id
-- rebuild: newest
-- newest: sold_at, order_id, version_number, line_number
with items as (
    select
        *,
        cents_of(
            wide(line_gross_amount) + wide(discount_amount) + wide(order_discount_amount)
        ) as undiscounted_cents,
        cast(quantity * 1000 as bigint) as thousandths
    from core.priced_lines
    where product_id is not null
),

accounts as (
    select account from staging.stg_orders
    group by account
),

final as (
    select
        -- keys
        account,
        product_id,
        -- attributes
        product_name,
        product_code,
        tax_rate,
        case
            when
                not prices_include_discount()
                or (discount_amount = 0 and order_discount_amount = 0)
                then unit_gross_amount
            when thousandths > 0 and abs(undiscounted_cents) < 100000000000
                then amount_of_cents(part_of(undiscounted_cents, 1000, thousandths))
        end as unit_gross_amount,
        -- the line that they come from
        sold_at,
        order_id,
        version_number,
        line_number
    from items
    union all
    select
        account,
        -1 as product_id,
        'Ohne Artikel' as product_name,
        cast(null as varchar) as product_code,
        cast(null as decimal(6, 3)) as tax_rate,
        cast(null as decimal(18, 2)) as unit_gross_amount,
        timestamptz '1970-01-01 00:00:00+00' as sold_at,
        -1 as order_id,
        0 as version_number,
        0 as line_number
    from accounts
)

select * from final
