-- grain: one row per account, month, VAT rate and channel
-- key: account, month, tax_rate, channel
-- rebuild: full
-- equals: ops.fct_daily_vat
--   by account, month = date_trunc('month', business_date), tax_rate, channel
--   where order_class = 'sale'
-- harm: The advance VAT return would be wrong.
with vat as (
    select * from ops.fct_daily_vat
    where order_class = 'sale' and order_count > 0
),

final as (
    select
        -- keys
        account,
        month_of(business_date) as month,
        tax_rate,
        channel,
        -- measures
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(vat_amount) as decimal(18, 2)), 0) as vat_amount,
        -- shipping beside them
        coalesce(try_cast(sum(shipping_gross_amount) as decimal(18, 2)), 0)
            as shipping_gross_amount,
        coalesce(try_cast(sum(shipping_net_amount) as decimal(18, 2)), 0) as shipping_net_amount,
        coalesce(try_cast(sum(shipping_vat_amount) as decimal(18, 2)), 0) as shipping_vat_amount
    from vat
    group by account, month_of(business_date), tax_rate, channel
)

select * from final
