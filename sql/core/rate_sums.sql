-- grain: one row per version of an order and VAT rate of its lines
-- key: account, order_id, superseded_version, tax_rate
-- rebuild: temporary

-- `superseded_version` is the number of a version that is not the latest, and 0 for the latest,
-- whose lines are those that are kept.
with lines as (
    select
        account,
        order_id,
        0 as superseded_version,
        tax_rate,
        quantity,
        line_gross_amount,
        line_net_amount,
        line_vat_amount,
        published_gross_amount,
        discount_amount
    from stored.fct_order_items
    union all
    select
        account,
        order_id,
        version_number as superseded_version,
        tax_rate,
        quantity,
        line_gross_amount,
        line_net_amount,
        line_vat_amount,
        published_gross_amount,
        discount_amount
    from core.superseded_lines
),

final as (
    select
        account,
        order_id,
        superseded_version,
        tax_rate,
        cast(count(*) as integer) as line_count,
        try_cast(sum(quantity) as decimal(12, 3)) as quantity,
        try_cast(sum(line_gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(line_net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(line_vat_amount) as decimal(18, 2)) as vat_amount,
        try_cast(sum(published_gross_amount) as decimal(18, 2)) as published_gross_amount,
        case
            when count(*) = count(discount_amount)
                then try_cast(sum(discount_amount) as decimal(18, 2))
        end as discount_amount,
        count(*) = count(line_gross_amount) as has_all_amounts
    from lines
    group by account, order_id, superseded_version, tax_rate
)

select * from final
