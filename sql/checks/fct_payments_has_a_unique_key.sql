-- severity: fail
-- scope: batch
-- harm: A payment would count twice in the daily closing.
select
    facts.account,
    facts.order_id,
    facts.payment_number,
    count(*) as row_count
from core.stored_payments as facts
group by facts.account, facts.order_id, facts.payment_number
having count(*) > 1
