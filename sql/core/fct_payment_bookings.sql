-- grain: one row per order, version, kind, entry, payment method and day of payment: what a change
--   did to the books of payments
-- key: account, order_id, version_number, kind, entry, payment_method, paid_date
-- rebuild: by order
with versions as (
    select * from core.version_changes
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

parts as (
    select
        * exclude (total_weight),
        case
            when total_weight > 0 and total_weight <= 3000000000
                then cast(total_weight as bigint)
        end as total_weight
    from weights
),

floors as (
    select
        *,
        case
            when total_weight is not null
                then share_floor_of(refund_cents, weight, total_weight)
            when method_rank = 1 then refund_cents
            else 0
        end as floor_cents,
        coalesce(share_remainder_of(refund_cents, weight, total_weight), 0) as remainder
    from parts
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

-- of each version what it counts, and what the one before did, taken back
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
        versions.version_number,
        figures.channel,
        figures.payment_method,
        figures.paid_date,
        figures.due_date,
        figures.payment_count,
        figures.payment_amount,
        figures.is_refund,
        -1 as side
    from figures
    inner join versions
        on
            figures.account = versions.account
            and figures.order_id = versions.order_id
            and figures.version_number + 1 = versions.version_number
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
        cast(sum(side) as integer) as side
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
        1 as side
    from figures
    where version_number = 1
    union all
    select * from turns
),

dated as (
    select
        -- keys
        entries.account,
        entries.order_id,
        entries.version_number,
        case when entries.is_refund then 'refund' else versions.kind end as kind,
        case when entries.side > 0 then 'new' else 'reversal' end as entry,
        entries.payment_method,
        -- attributes
        booking_date_of(
            entries.due_date,
            versions.observed_after_date,
            versions.opens_before_date,
            entries.is_refund
        ) as booking_date,
        entries.paid_date,
        entries.channel,
        versions.receipt_number,
        -- measures, signed
        cast(entries.side * entries.payment_count as integer) as payment_count,
        cast(entries.side * entries.payment_amount as decimal(18, 2)) as payment_amount,
        -- when it happened
        versions.observed_after_at,
        versions.observed_until_at,
        entries.due_date,
        entries.is_refund
    from entries
    inner join versions
        on
            entries.account = versions.account
            and entries.order_id = versions.order_id
            and entries.version_number = versions.version_number
),

final as (
    select
        * exclude (due_date, is_refund),
        not is_refund and booking_date > due_date as is_late
    from dated
)

select * from final
