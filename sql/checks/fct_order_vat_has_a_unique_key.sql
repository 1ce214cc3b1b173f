-- severity: fail
-- scope: batch
-- harm: VAT would be reported twice.
select
    facts.account,
    facts.order_id,
    facts.tax_rate,
    count(*) as row_count
from core.stored_order_vat as facts
group by facts.account, facts.order_id, facts.tax_rate
having count(*) > 1
