-- severity: warn
-- scope: batch
-- harm: Unit price, quantity and line amount contradict each other; turnover uses the line amount.

-- A unit price is rounded to a cent before it is published. For weighed and measured goods the line
-- may come from the exact price, so a difference that this rounding and that of the line explain
-- (half a cent per unit and half a cent) contradicts nothing. For whole pieces it does.
with lines as (
    select
        account,
        order_id,
        line_number,
        unit_gross_amount,
        quantity,
        published_gross_amount,
        has_discount,
        wide(unit_gross_amount) * quantity as computed_amount
    from staging.stg_order_items
    where is_latest and has_gross_price
)

select
    account,
    order_id,
    'line ' || line_number || ': ' || unit_gross_amount || ' x ' || quantity
    || ' is not ' || published_gross_amount
    || case when has_discount then ' (the line has a discount)' else '' end as detail,
    try_cast(wide(published_gross_amount) - computed_amount as decimal(18, 2)) as amount
from lines
where
    computed_amount <> published_gross_amount
    and (
        quantity = cast(quantity as bigint)
        or abs(wide(published_gross_amount) - computed_amount) > (abs(quantity) + 1) * 0.005
    )
