-- severity: fail
-- scope: batch
-- harm: As-of figures and restatements would count a version twice.
select
    facts.account,
    facts.order_id,
    facts.version_number,
    count(*) as row_count
from core.stored_order_versions as facts
group by facts.account, facts.order_id, facts.version_number
having count(*) > 1
