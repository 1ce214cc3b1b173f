-- severity: warn
-- scope: batch
-- harm: Unit price, quantity and line amount contradict each other; turnover uses the line amount.
select
    items.account,
    items.order_id,
    'line ' || items.line_number || ': ' || items.unit_gross_amount || ' x ' || items.quantity
    || ' is not ' || items.published_gross_amount
    || case when items.discount_amount = 0 then '' else ' (the line has a discount)' end as detail,
    try_cast(
        wide(items.published_gross_amount)
        - wide(items.unit_gross_amount) * items.quantity as decimal(18, 2)
    ) as amount
from core.fct_order_items as items
inner join staging.stg_order_items as staged
    on
        items.account = staged.account
        and items.order_id = staged.order_id
        and items.line_number = staged.line_number
where
    staged.is_latest
    and staged.gross_sent is not null
    and wide(items.unit_gross_amount) * items.quantity <> items.published_gross_amount
