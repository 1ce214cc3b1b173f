-- grain: one row per version of an order that has lines
-- key: account, order_id, version_number
-- rebuild: temporary
with lines as (
    select * from core.order_lines
),

final as (
    select
        account,
        order_id,
        version_number,
        is_latest,
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
    group by account, order_id, version_number, is_latest
)

select * from final
