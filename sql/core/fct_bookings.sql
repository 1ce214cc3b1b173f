-- grain: one row per order, version, kind, entry and VAT rate: what a change did to the books
-- key: account, order_id, version_number, kind, entry, tax_rate
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

-- what a version counts by VAT rate: sales, and beside them what came back of them
sales as (
    select
        versions.account,
        versions.order_id,
        versions.version_number,
        versions.channel,
        versions.business_date,
        rates.tax_rate,
        case when rates.is_first_rate then 1 else 0 end as order_count,
        rates.quantity,
        rates.gross_amount,
        rates.net_amount,
        rates.vat_amount,
        rates.shipping_gross_amount,
        rates.shipping_net_amount,
        rates.shipping_vat_amount,
        false as is_refund
    from versions
    inner join core.version_vat as rates
        on
            versions.account = rates.account
            and versions.order_id = rates.order_id
            and versions.version_number = rates.version_number
    where versions.is_sale
),

refunds as (
    select
        versions.account,
        versions.order_id,
        versions.version_number,
        versions.channel,
        versions.business_date,
        rates.tax_rate,
        0 as order_count,
        -rates.refund_quantity as quantity,
        -rates.refund_gross_amount as gross_amount,
        -rates.refund_net_amount as net_amount,
        -rates.refund_vat_amount as vat_amount,
        cast(0 as decimal(18, 2)) as shipping_gross_amount,
        cast(0 as decimal(18, 2)) as shipping_net_amount,
        cast(0 as decimal(18, 2)) as shipping_vat_amount,
        true as is_refund
    from versions
    inner join core.version_vat as rates
        on
            versions.account = rates.account
            and versions.order_id = rates.order_id
            and versions.version_number = rates.version_number
    where
        versions.is_sale
        and (
            rates.refund_gross_amount <> 0
            or rates.refund_net_amount <> 0
            or rates.refund_vat_amount <> 0
            or rates.refund_quantity <> 0
        )
),

figures as (
    select * from sales
    union all
    select * from refunds
),

-- the versions that follow one that counted, with how it counted
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
        figures.business_date,
        figures.tax_rate,
        figures.order_count,
        figures.quantity,
        figures.gross_amount,
        figures.net_amount,
        figures.vat_amount,
        figures.shipping_gross_amount,
        figures.shipping_net_amount,
        figures.shipping_vat_amount,
        figures.is_refund,
        -1 as side
    from figures
    inner join pairs
        on
            figures.account = pairs.account
            and figures.order_id = pairs.order_id
            and figures.version_number + 1 = pairs.version_number
),

-- what both versions count alike needs no entry
turns as (
    select
        account,
        order_id,
        version_number,
        channel,
        business_date,
        tax_rate,
        order_count,
        quantity,
        gross_amount,
        net_amount,
        vat_amount,
        shipping_gross_amount,
        shipping_net_amount,
        shipping_vat_amount,
        is_refund,
        sum(side) as side
    from sides
    group by
        account,
        order_id,
        version_number,
        channel,
        business_date,
        tax_rate,
        order_count,
        quantity,
        gross_amount,
        net_amount,
        vat_amount,
        shipping_gross_amount,
        shipping_net_amount,
        shipping_vat_amount,
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
            entries.business_date,
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
        tax_rate,
        -- attributes
        booking_date,
        business_date,
        channel,
        receipt_number,
        -- measures, signed
        cast(sign * order_count as integer) as order_count,
        cast(sign * quantity as decimal(12, 3)) as quantity,
        cast(sign * gross_amount as decimal(18, 2)) as gross_amount,
        cast(sign * net_amount as decimal(18, 2)) as net_amount,
        cast(sign * vat_amount as decimal(18, 2)) as vat_amount,
        cast(sign * shipping_gross_amount as decimal(18, 2)) as shipping_gross_amount,
        cast(sign * shipping_net_amount as decimal(18, 2)) as shipping_net_amount,
        cast(sign * shipping_vat_amount as decimal(18, 2)) as shipping_vat_amount,
        -- when it happened
        observed_after_at,
        observed_until_at,
        not is_refund and booking_date > business_date as is_late
    from dated
)

select * from final
