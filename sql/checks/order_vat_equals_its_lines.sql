-- severity: fail
-- scope: batch
-- harm: VAT by rate would not add up to turnover.
with lines as (
    select
        items.account,
        items.order_id,
        items.tax_rate,
        count(*) as line_count,
        sum(items.line_gross_amount) as gross_amount,
        sum(items.line_net_amount) as net_amount,
        sum(items.line_vat_amount) as vat_amount
    from stored.fct_order_items as items
    group by items.account, items.order_id, items.tax_rate
),

rates as (
    select rates.*
    from stored.fct_order_vat as rates
)

select
    coalesce(lines.account, rates.account) as account,
    coalesce(lines.order_id, rates.order_id) as order_id,
    coalesce(lines.tax_rate, rates.tax_rate) as tax_rate,
    rates.gross_amount,
    lines.gross_amount as lines_gross_amount
from lines
full join rates
    on
        lines.account = rates.account
        and lines.order_id = rates.order_id
        and coalesce(lines.tax_rate, -1) = coalesce(rates.tax_rate, -1)
where
    lines.order_id is null
    or rates.order_id is null
    or rates.line_count <> lines.line_count
    or rates.gross_amount <> lines.gross_amount
    or rates.net_amount <> lines.net_amount
    or rates.vat_amount <> lines.vat_amount
