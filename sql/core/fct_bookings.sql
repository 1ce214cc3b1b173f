-- grain: one row per order, version, kind, entry and VAT rate: what a change did to the books
-- key: account, order_id, version_number, kind, entry, tax_rate
-- rebuild: by order
with versions as (
    select * from core.version_changes
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
    inner join versions
        on
            figures.account = versions.account
            and figures.order_id = versions.order_id
            and figures.version_number + 1 = versions.version_number
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
        cast(sum(side) as integer) as side
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
        entries.tax_rate,
        -- attributes
        booking_date_of(
            entries.business_date,
            versions.observed_after_date,
            versions.opens_before_date,
            entries.is_refund
        ) as booking_date,
        entries.business_date,
        entries.channel,
        versions.receipt_number,
        -- measures, signed
        entries.side * entries.order_count as order_count,
        cast(entries.side * entries.quantity as decimal(12, 3)) as quantity,
        cast(entries.side * entries.gross_amount as decimal(18, 2)) as gross_amount,
        cast(entries.side * entries.net_amount as decimal(18, 2)) as net_amount,
        cast(entries.side * entries.vat_amount as decimal(18, 2)) as vat_amount,
        cast(entries.side * entries.shipping_gross_amount as decimal(18, 2))
            as shipping_gross_amount,
        cast(entries.side * entries.shipping_net_amount as decimal(18, 2)) as shipping_net_amount,
        cast(entries.side * entries.shipping_vat_amount as decimal(18, 2)) as shipping_vat_amount,
        -- when it happened
        versions.observed_after_at,
        versions.observed_until_at,
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
        * exclude (is_refund),
        not is_refund and booking_date > business_date as is_late
    from dated
)

select * from final
