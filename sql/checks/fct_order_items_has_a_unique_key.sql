-- severity: fail
-- scope: batch
-- rows: kept
-- harm: A line would count twice in turnover.
select
    facts.account,
    facts.order_id,
    facts.line_number,
    count(*) as row_count
from core.fct_order_items as facts
inner join staging.batch_orders as batch
    on facts.account = batch.account and facts.order_id = batch.order_id
group by facts.account, facts.order_id, facts.line_number
having count(*) > 1
