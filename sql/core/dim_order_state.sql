-- grain: one row per state bit
-- key: state_bit
-- rebuild: full
with states as (
    select * from seeds.order_states
),

final as (
    select
        -- keys
        state_bit,
        -- attributes
        cast(row_number() over (order by state_bit) - 1 as integer) as bit_number,
        state_name,
        label_de,
        label_en,
        meaning
    from states
)

select * from final
