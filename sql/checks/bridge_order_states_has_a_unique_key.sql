-- severity: fail
-- scope: batch
-- harm: An order would have a state twice.

-- Different bits add up to what they are together; only orders of which that is not so are looked
-- at bit by bit.
with suspects as (
    select order_id
    from core.stored_order_states
    group by order_id
    having
        sum(state_bit) <> bit_or(state_bit)
        or min(state_bit) <= 0
        or count(*) <> count(state_bit)
)

select
    facts.account,
    facts.order_id,
    facts.state_bit,
    count(*) as row_count
from core.stored_order_states as facts
where facts.order_id in (select order_id from suspects)
group by facts.account, facts.order_id, facts.state_bit
having count(*) > 1
