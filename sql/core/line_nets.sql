-- grain: one row per line of a version of an order whose VAT rate several of its lines have
-- key: account, order_id, version_number, line_number
-- rebuild: temporary

-- VAT is rounded once per order and rate, as on a receipt: the net amount of all lines together is
-- spread over them by largest remainder (ties: the lower line number). Each line gets its own exact
-- net amount rounded down, and the cents that are left go to those that lost most by it. Lines
-- below zero are treated alike; a basket of the opposite amounts has the opposite net amounts.
with items as (
    select * from staging.stg_order_items
),

shared as (
    select
        account,
        order_id,
        version_number,
        tax_rate
    from items
    where tax_rate is not null
    group by account, order_id, version_number, tax_rate
    having count(*) > 1
),

lines as (
    select
        priced.account,
        priced.order_id,
        priced.version_number,
        priced.tax_rate,
        priced.line_number,
        cents_of(priced.line_gross_amount) as gross_cents,
        100000 + cast(priced.tax_rate * 1000 as bigint) as divisor
    from core.priced_lines as priced
    inner join shared
        on
            priced.account = shared.account
            and priced.order_id = shared.order_id
            and priced.version_number = shared.version_number
            and priced.tax_rate = shared.tax_rate
    where priced.line_gross_amount is not null
),

totals as (
    select
        *,
        sum(gross_cents) over (partition by account, order_id, version_number, tax_rate)
            as total_cents
    from lines
),

signed as (
    select
        *,
        case when total_cents < 0 then -1 else 1 end as direction,
        case when total_cents < 0 then -gross_cents else gross_cents end < 0 as is_opposite,
        share_floor_of(abs(gross_cents), 100000, divisor) as whole_cents,
        share_remainder_of(abs(gross_cents), 100000, divisor) as rest
    from totals
    where abs(total_cents) < 1000000000000000000
),

floors as (
    select
        *,
        case
            when not is_opposite then whole_cents
            when rest > 0 then -whole_cents - 1
            else -whole_cents
        end as floor_cents,
        case when is_opposite and rest > 0 then divisor - rest else rest end as remainder
    from signed
),

ranked as (
    select
        *,
        part_of(cast(abs(total_cents) as bigint), cast(100000 as bigint), divisor)
        - sum(floor_cents) over (partition by account, order_id, version_number, tax_rate)
            as left_over_cents,
        row_number() over (
            partition by account, order_id, version_number, tax_rate
            order by remainder desc, line_number asc
        ) as remainder_rank
    from floors
),

final as (
    select
        account,
        order_id,
        version_number,
        line_number,
        amount_of_cents(
            direction
            * (floor_cents + case when remainder_rank <= left_over_cents then 1 else 0 end)
        ) as line_net_amount
    from ranked
)

select * from final
