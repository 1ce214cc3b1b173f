-- grain: one row per basket item of the versions of an order that are not its latest
-- key: account, order_id, version_number, line_number
-- rebuild: temporary
with lines as (
    select * from core.netted_lines
    where not is_latest
),

final as (
    select
        account,
        order_id,
        version_number,
        line_number,
        tax_rate,
        quantity,
        line_gross_amount,
        line_net_amount,
        line_vat_amount,
        discount_amount,
        published_gross_amount,
        returned_quantity,
        refund_quantity,
        refund_amount
    from lines
)

select * from final
