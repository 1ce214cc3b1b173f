-- grain: one row per account, business date, channel and VAT rate
-- key: account, business_date, channel, tax_rate
-- rebuild: view
-- equals: core.fct_daily_vat by account, business_date, channel, tax_rate
--   where order_class = 'sale'
-- harm: VAT by rate would not be that of the orders.
with vat as (
    select * from core.fct_daily_vat
    where order_class = 'sale'
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        tax_rate,
        -- sales of the date
        order_count,
        gross_amount,
        net_amount,
        vat_amount,
        -- refunds observed on the date
        refund_count,
        refund_gross_amount,
        refund_net_amount,
        refund_vat_amount
    from vat
)

select * from final
