-- grain: one row per version of an order that has lines
-- key: account, order_id, superseded_version
-- rebuild: temporary
with rates as (
    select * from core.rate_sums
),

final as (
    select
        account,
        order_id,
        superseded_version,
        cast(sum(line_count) as integer) as item_count,
        try_cast(coalesce(sum(quantity), 0) as decimal(12, 3)) as quantity,
        try_cast(coalesce(sum(gross_amount), 0) as decimal(18, 2)) as items_gross_amount,
        try_cast(coalesce(sum(net_amount), 0) as decimal(18, 2)) as items_net_amount,
        try_cast(coalesce(sum(vat_amount), 0) as decimal(18, 2)) as items_vat_amount,
        try_cast(coalesce(sum(published_gross_amount), 0) as decimal(18, 2))
            as published_gross_amount,
        case
            when count(*) = count(discount_amount)
                then try_cast(sum(discount_amount) as decimal(18, 2))
        end as item_discount_amount,
        bool_and(has_all_amounts) as has_all_amounts
    from rates
    group by account, order_id, superseded_version
)

select * from final
