-- grain: one row per bit that a state can have, documented or not
-- key: state_bit
with bits as (
    select cast(1 << cast(range as integer) as integer) as state_bit
    from range(31)
),

names as (
    select * from seeds.order_states
),

final as (
    select
        bits.state_bit,
        coalesce(names.state_name, 'UNKNOWN_' || bits.state_bit) as state_name,
        names.state_name is not null as is_known
    from bits
    left join names on bits.state_bit = names.state_bit
)

select * from final
