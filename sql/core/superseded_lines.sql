-- grain: one row per basket item of the versions of an order that are not its latest
-- key: account, order_id, version_number, line_number
-- rebuild: temporary
with lines as (
    select * from core.priced_lines
    where not is_latest
),

shared as (
    select * from core.line_nets
),

netted as (
    select
        lines.*,
        coalesce(shared.line_net_amount, net_of(lines.line_gross_amount, lines.tax_rate))
            as line_net_amount
    from lines
    left join shared
        on
            lines.account = shared.account
            and lines.order_id = shared.order_id
            and lines.version_number = shared.version_number
            and lines.line_number = shared.line_number
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
        cast(line_gross_amount - line_net_amount as decimal(18, 2)) as line_vat_amount,
        discount_amount,
        published_gross_amount,
        returned_quantity,
        refund_quantity,
        refund_amount
    from netted
)

select * from final
