-- severity: fail
-- scope: batch
-- harm: VAT would be wrong by cents: net amount and VAT must add up to the gross amount, and the
--   net amount must be the exact one rounded up or down to a cent.
with lines as (
    select
        items.*,
        wide(items.line_net_amount) * (100 + items.tax_rate)
        - wide(items.line_gross_amount) * 100 as miss,
        0.01 * (100 + items.tax_rate) as a_cent
    from stored.fct_order_items as items
)

select
    account,
    order_id,
    line_number,
    tax_rate,
    line_gross_amount,
    line_net_amount,
    line_vat_amount
from lines
where
    wide(line_net_amount) + wide(line_vat_amount) <> line_gross_amount
    or abs(miss) >= a_cent
    or (
        line_gross_amount is not null
        and tax_rate is not null
        and (line_net_amount is null or line_vat_amount is null)
    )
