-- grain: one row per account, business date, channel, order class and VAT rate
-- key: account, business_date, channel, order_class, tax_rate
-- rebuild: by date
with dates as (
    select * from increments.affected_dates
),

rates as (
    select * from core.fct_order_vat
    where business_date in (select business_date from dates)
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        order_class,
        tax_rate,
        -- measures
        count(*) as order_count,
        cast(sum(line_count) as bigint) as line_count,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(vat_amount) as decimal(18, 2)), 0) as vat_amount,
        -- shipping
        coalesce(try_cast(sum(shipping_gross_amount) as decimal(18, 2)), 0)
            as shipping_gross_amount,
        coalesce(try_cast(sum(shipping_net_amount) as decimal(18, 2)), 0) as shipping_net_amount,
        coalesce(try_cast(sum(shipping_vat_amount) as decimal(18, 2)), 0) as shipping_vat_amount
    from rates
    group by account, business_date, channel, order_class, tax_rate
)

select * from final
