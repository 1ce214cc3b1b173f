-- grain: one row per version of an order that has lines
-- key: account, order_id, superseded_version
-- rebuild: temporary

-- `superseded_version` is the number of a version that is not the latest, and 0 for the latest,
-- whose lines are those that are kept.
with lines as (
    select
        account,
        order_id,
        0 as superseded_version,
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
        cast(count(*) as integer) as item_count,
        try_cast(coalesce(sum(quantity), 0) as decimal(12, 3)) as quantity,
        try_cast(coalesce(sum(line_gross_amount), 0) as decimal(18, 2)) as items_gross_amount,
        try_cast(coalesce(sum(line_net_amount), 0) as decimal(18, 2)) as items_net_amount,
        try_cast(coalesce(sum(line_vat_amount), 0) as decimal(18, 2)) as items_vat_amount,
        try_cast(coalesce(sum(published_gross_amount), 0) as decimal(18, 2))
            as published_gross_amount,
        case
            when count(*) = count(discount_amount)
                then try_cast(sum(discount_amount) as decimal(18, 2))
        end as item_discount_amount,
        count(*) = count(line_gross_amount) as has_all_amounts
    from lines
    group by account, order_id, superseded_version
)

select * from final
