-- severity: fail
-- scope: batch
-- rows: kept
-- harm: As-of figures and restatements would count a version twice.
select
    facts.account,
    facts.order_id,
    facts.version_number,
    count(*) as row_count
from core.fct_order_versions as facts
inner join staging.batch_orders as batch
    on facts.account = batch.account and facts.order_id = batch.order_id
group by facts.account, facts.order_id, facts.version_number
having count(*) > 1
