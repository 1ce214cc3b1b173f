-- grain: one row per order, version, kind, entry, payment method and day of payment: what a change
--   did to the books of payments
-- key: account, order_id, version_number, kind, entry, payment_method, paid_date
-- rebuild: by order
with observations as (
    select * from core.version_observations
),

versions as (
    select
        account,
        order_id,
        version_number,
        channel,
        business_date,
        invoice_number as receipt_number,
        order_class = 'sale' as is_sale
    from staging.stg_orders
),

paid as (
    select
        account,
        order_id,
        version_number,
        payment_method,
        business_date as paid_date,
        count(*) as payment_count,
        coalesce(try_cast(sum(amount) as decimal(18, 2)), 0) as payment_amount
    from staging.stg_payments
    group by account, order_id, version_number, payment_method, business_date
),

payments as (
    select
        versions.account,
        versions.order_id,
        versions.version_number,
        versions.channel,
        -- a sale without any payment is shown, under a method of its own
        coalesce(paid.payment_method, 'none') as payment_method,
        coalesce(paid.paid_date, versions.business_date) as paid_date,
        coalesce(paid.paid_date, versions.business_date) as due_date,
        coalesce(paid.payment_count, 0) as payment_count,
        coalesce(paid.payment_amount, 0) as payment_amount,
        false as is_refund
    from versions
    left join paid
        on
            versions.account = paid.account
            and versions.order_id = paid.order_id
            and versions.version_number = paid.version_number
    where versions.is_sale
),

-- how a refund was paid out is not published: in proportion to what was paid, largest remainder
refunded as (
    select
        rates.account,
        rates.order_id,
        rates.version_number,
        cents_of(sum(rates.refund_gross_amount)) as refund_cents
    from core.version_vat as rates
    where rates.refund_gross_amount <> 0
    group by rates.account, rates.order_id, rates.version_number
),

methods as (
    select
        account,
        order_id,
        version_number,
        payment_method,
        case
            when sum(payment_amount) > 0 and sum(payment_amount) <= 30000000
                then cents_of(cast(sum(payment_amount) as decimal(18, 2)))
            else 0
        end as weight
    from paid
    group by account, order_id, version_number, payment_method
),

weights as (
    select
        refunded.account,
        refunded.order_id,
        refunded.version_number,
        coalesce(methods.payment_method, 'none') as payment_method,
        abs(refunded.refund_cents) as refund_cents,
        case when refunded.refund_cents < 0 then -1 else 1 end as sign,
        coalesce(methods.weight, 0) as weight,
        sum(coalesce(methods.weight, 0)) over (
            partition by refunded.account, refunded.order_id, refunded.version_number
        ) as total_weight,
        row_number() over (
            partition by refunded.account, refunded.order_id, refunded.version_number
            order by methods.weight desc nulls last, methods.payment_method asc
        ) as method_rank
    from refunded
    left join methods
        on
            refunded.account = methods.account
            and refunded.order_id = methods.order_id
            and refunded.version_number = methods.version_number
),

floors as (
    -- refund x weight / total in two steps, so that nothing leaves 64 bits
    select
        *,
        case
            when total_weight > 0 and total_weight <= 3000000000
                then
                    (refund_cents // cast(total_weight as bigint)) * weight
                    + ((refund_cents % cast(total_weight as bigint)) * weight)
                    // cast(total_weight as bigint)
            when method_rank = 1 then refund_cents
            else 0
        end as floor_cents,
        case
            when total_weight > 0 and total_weight <= 3000000000
                then
                    ((refund_cents % cast(total_weight as bigint)) * weight)
                    % cast(total_weight as bigint)
            else 0
        end as remainder
    from weights
),

shares as (
    select
        *,
        refund_cents - sum(floor_cents) over (
            partition by account, order_id, version_number
        ) as left_over_cents,
        row_number() over (
            partition by account, order_id, version_number
            order by remainder desc, method_rank asc
        ) as remainder_rank
    from floors
),

refunds as (
    select
        versions.account,
        versions.order_id,
        versions.version_number,
        versions.channel,
        shares.payment_method,
        cast(null as date) as paid_date,
        versions.business_date as due_date,
        0 as payment_count,
        -shares.sign * amount_of_cents(
            shares.floor_cents
            + case when shares.remainder_rank <= shares.left_over_cents then 1 else 0 end
        ) as payment_amount,
        true as is_refund
    from versions
    inner join shares
        on
            versions.account = shares.account
            and versions.order_id = shares.order_id
            and versions.version_number = shares.version_number
    where versions.is_sale
),

figures as (
    select * from payments
    union all
    select * from refunds
    where payment_amount <> 0
),

pairs as (
    select
        later.account,
        later.order_id,
        later.version_number,
        earlier.is_sale as was_sale,
        later.is_sale
    from versions as later
    inner join versions as earlier
        on
            later.account = earlier.account
            and later.order_id = earlier.order_id
            and later.version_number = earlier.version_number + 1
    where later.version_number > 1 and (later.is_sale or earlier.is_sale)
),

sides as (
    select
        figures.*,
        1 as side
    from figures
    where figures.version_number > 1
    union all
    select
        figures.account,
        figures.order_id,
        pairs.version_number,
        figures.channel,
        figures.payment_method,
        figures.paid_date,
        figures.due_date,
        figures.payment_count,
        figures.payment_amount,
        figures.is_refund,
        -1 as side
    from figures
    inner join pairs
        on
            figures.account = pairs.account
            and figures.order_id = pairs.order_id
            and figures.version_number + 1 = pairs.version_number
),

turns as (
    select
        account,
        order_id,
        version_number,
        channel,
        payment_method,
        paid_date,
        due_date,
        payment_count,
        payment_amount,
        is_refund,
        sum(side) as side
    from sides
    group by
        account,
        order_id,
        version_number,
        channel,
        payment_method,
        paid_date,
        due_date,
        payment_count,
        payment_amount,
        is_refund
    having sum(side) <> 0
),

entries as (
    select
        *,
        case when is_refund then 'refund' else 'sale' end as kind,
        'new' as entry,
        1 as sign
    from figures
    where version_number = 1
    union all
    select
        turns.* exclude (side),
        case
            when turns.is_refund then 'refund'
            when pairs.was_sale and pairs.is_sale then 'correction'
            when pairs.is_sale then 'sale'
            else 'cancellation'
        end as kind,
        case when turns.side > 0 then 'new' else 'reversal' end as entry,
        case when turns.side > 0 then 1 else -1 end as sign
    from turns
    inner join pairs
        on
            turns.account = pairs.account
            and turns.order_id = pairs.order_id
            and turns.version_number = pairs.version_number
),

dated as (
    select
        entries.*,
        versions.receipt_number,
        observations.observed_after_at,
        observations.observed_until_at,
        booking_date_of(
            entries.due_date,
            observations.observed_after_date,
            observations.opens_before_date,
            entries.is_refund
        ) as booking_date
    from entries
    inner join observations
        on
            entries.account = observations.account
            and entries.order_id = observations.order_id
            and entries.version_number = observations.version_number
    inner join versions
        on
            entries.account = versions.account
            and entries.order_id = versions.order_id
            and entries.version_number = versions.version_number
),

final as (
    select
        -- keys
        account,
        order_id,
        version_number,
        kind,
        entry,
        payment_method,
        -- attributes
        booking_date,
        paid_date,
        channel,
        receipt_number,
        -- measures, signed
        cast(sign * payment_count as integer) as payment_count,
        cast(sign * payment_amount as decimal(18, 2)) as payment_amount,
        -- when it happened
        observed_after_at,
        observed_until_at,
        not is_refund and booking_date > due_date as is_late
    from dated
)

select * from final
