-- grain: one row per order and state bit that is set in its latest version
-- key: account, order_id, state_bit
-- rebuild: by order
with orders as (
    select
        account,
        order_id,
        state
    from staging.stg_orders
    where is_latest
),

states as (
    select state
    from orders
    group by state
),

set_bits as (
    select
        states.state,
        bits.state_bit
    from states
    cross join staging.state_bits as bits
    where has_bit(states.state, bits.state_bit)
),

final as (
    select
        orders.account,
        orders.order_id,
        set_bits.state_bit
    from orders
    inner join set_bits on orders.state = set_bits.state
)

select * from final
