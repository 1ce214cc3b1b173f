-- severity: fail
-- scope: batch
-- harm: Turnover would be too high or too low by the discounts.
select
    items.account,
    items.order_id,
    items.line_number,
    items.published_gross_amount,
    items.discount_amount,
    items.order_discount_amount,
    items.line_gross_amount
from stored.fct_order_items as items
where
    items.line_gross_amount <> wide(items.published_gross_amount)
    - case
        when prices_include_discount() then 0
        else
            coalesce(wide(items.discount_amount), 0)
            + coalesce(wide(items.order_discount_amount), 0)
    end
