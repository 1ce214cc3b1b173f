-- grain: one row per version of an order and VAT rate of its lines
-- key: account, order_id, superseded_version, tax_rate
-- rebuild: temporary

-- `superseded_version` is the number of a version that is not the latest, and 0 for the latest,
-- whose lines are those that are kept. The sums may be larger than the types of amounts.
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
        discount_amount,
        returned_quantity,
        refund_quantity,
        refund_amount
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
        discount_amount,
        returned_quantity,
        refund_quantity,
        refund_amount
    from core.superseded_lines
),

final as (
    select
        account,
        order_id,
        superseded_version,
        tax_rate,
        cast(count(*) as integer) as line_count,
        sum(quantity) as quantity,
        sum(line_gross_amount) as gross_amount,
        sum(line_net_amount) as net_amount,
        sum(line_vat_amount) as vat_amount,
        sum(published_gross_amount) as published_gross_amount,
        case when count(*) = count(discount_amount) then sum(discount_amount) end
            as discount_amount,
        count(*) = count(line_gross_amount) as has_all_amounts,
        coalesce(bool_or(returned_quantity > 0), false) as has_returned_lines,
        sum(refund_quantity) as refund_quantity,
        sum(refund_amount) as refund_amount
    from lines
    group by account, order_id, superseded_version, tax_rate
)

select * from final
