-- severity: fail
-- scope: batch
-- rows: kept
-- harm: An order would count twice in every report.
select
    facts.account,
    facts.order_id,
    count(*) as row_count
from core.fct_orders as facts
inner join staging.batch_orders as batch
    on facts.account = batch.account and facts.order_id = batch.order_id
group by facts.account, facts.order_id
having count(*) > 1
