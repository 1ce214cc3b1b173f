-- severity: warn
-- scope: batch
-- harm: A bit that the API does not document may change what an order counts as; without a state
--   it counts as open.
with findings as (
    select
        account,
        order_id,
        'state is missing' as detail
    from staging.stg_orders
    where is_latest and state is null and state_sent is null
    union all
    select
        bridge.account,
        bridge.order_id,
        'state has the bit ' || bridge.state_bit as detail
    from stored.bridge_order_states as bridge
    inner join staging.state_bits as bits on bridge.state_bit = bits.state_bit
    where not bits.is_known
)

select
    findings.account,
    findings.order_id,
    findings.detail,
    orders.items_gross_amount as amount
from findings
inner join stored.fct_orders as orders
    on findings.account = orders.account and findings.order_id = orders.order_id
