-- grain: one row per order and VAT rate of an order's latest version
-- key: account, order_id, tax_rate
-- rebuild: by order
with lines as (
    select * from stored.fct_order_items
),

final as (
    select
        account,
        order_id,
        tax_rate,
        try_cast(sum(line_gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(line_net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(line_vat_amount) as decimal(18, 2)) as vat_amount,
        cast(count(*) as integer) as line_count,
        channel,
        order_class,
        business_date
    from lines
    group by account, order_id, tax_rate, channel, order_class, business_date
)

select * from final
