-- severity: warn
-- scope: batch
-- harm: Net and gross unit price contradict each other at the rate of the line; VAT is computed
--   from the gross amount.
select
    items.account,
    items.order_id,
    'line ' || items.line_number || ': ' || items.unit_net_price || ' net at ' || items.tax_rate
    || ' % is not ' || items.unit_gross_amount || ' gross' as detail,
    items.line_gross_amount as amount
from stored.fct_order_items as items
where
    -- exactly half a cent may be rounded either way
    abs(
        items.unit_net_price * (100 + items.tax_rate) - wide(items.unit_gross_amount) * 100
    ) > 0.5
