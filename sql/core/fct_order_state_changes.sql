-- grain: one row per bit that was set or cleared between two consecutive versions
-- key: account, order_id, version_number, state_bit
-- rebuild: by order
with versions as (
    select
        account,
        order_id,
        version_number,
        seen_at,
        observed_date,
        coalesce(state, 0) as state
    from staging.stg_orders
),

-- the version before by a join of the few later versions: most orders have one, and sorting all of
-- them for `lag` costs more than everything else here
compared as (
    select
        *,
        0 as previous_state
    from versions
    where version_number = 1
    union all
    select
        later.*,
        earlier.state as previous_state
    from versions as later
    inner join versions as earlier
        on
            later.account = earlier.account
            and later.order_id = earlier.order_id
            and later.version_number = earlier.version_number + 1
    where later.version_number > 1
),

transitions as (
    select
        previous_state,
        state
    from compared
    where state <> previous_state
    group by previous_state, state
),

changed_bits as (
    select
        transitions.previous_state,
        transitions.state,
        bits.state_bit,
        bits.state_name,
        case when has_bit(transitions.state, bits.state_bit) then 'set' else 'cleared' end
            as change
    from transitions
    cross join staging.state_bits as bits
    where
        has_bit(transitions.state, bits.state_bit)
        <> has_bit(transitions.previous_state, bits.state_bit)
),

final as (
    select
        compared.account,
        compared.order_id,
        changed_bits.state_bit,
        changed_bits.state_name,
        changed_bits.change,
        compared.seen_at as observed_at,
        compared.version_number,
        compared.observed_date
    from compared
    inner join changed_bits
        on
            compared.previous_state = changed_bits.previous_state
            and compared.state = changed_bits.state
)

select * from final
