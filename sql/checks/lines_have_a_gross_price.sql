-- severity: warn
-- scope: batch
-- harm: The amount of the line was not sent; unit price x quantity stands in for it, or nothing.
select
    account,
    order_id,
    'line ' || line_number || ': gross_price is missing' as detail,
    published_gross_amount as amount
from staging.stg_order_items
where is_latest and not has_gross_price
