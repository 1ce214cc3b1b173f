-- severity: fail
-- scope: batch
-- harm: Shipping would count twice.
select
    facts.account,
    facts.order_id,
    count(*) as row_count
from core.stored_shipments as facts
group by facts.account, facts.order_id
having count(*) > 1
