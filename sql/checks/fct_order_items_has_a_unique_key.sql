-- severity: fail
-- scope: batch
-- harm: A line would count twice in turnover.
select
    facts.account,
    facts.order_id,
    facts.line_number,
    count(*) as row_count
from core.stored_order_items as facts
group by facts.account, facts.order_id, facts.line_number
having count(*) > 1
