-- severity: fail
-- scope: batch
-- rows: kept
-- harm: VAT would be reported twice.
select
    facts.account,
    facts.order_id,
    facts.tax_rate,
    count(*) as row_count
from core.fct_order_vat as facts
inner join staging.batch_orders as batch
    on facts.account = batch.account and facts.order_id = batch.order_id
group by facts.account, facts.order_id, facts.tax_rate
having count(*) > 1
