-- severity: fail
-- scope: batch
-- harm: An order would count twice in every report.
select
    facts.account,
    facts.order_id,
    count(*) as row_count
from core.stored_orders as facts
group by facts.account, facts.order_id
having count(*) > 1
