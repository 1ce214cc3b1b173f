-- severity: fail
-- scope: batch
-- harm: Fulfilment times would be taken from the wrong change.

-- Different bits add up to what they are together; only orders of which that is not so are looked
-- at bit by bit.
with suspects as (
    select order_id
    from core.stored_state_changes
    group by order_id, version_number
    having
        sum(state_bit) <> bit_or(state_bit)
        or min(state_bit) <= 0
        or count(*) <> count(state_bit)
)

select
    facts.account,
    facts.order_id,
    facts.version_number,
    facts.state_bit,
    count(*) as row_count
from core.stored_state_changes as facts
where facts.order_id in (select order_id from suspects)
group by facts.account, facts.order_id, facts.version_number, facts.state_bit
having count(*) > 1
