-- grain: one row per account, business date, channel and product with a sale or a refund
-- key: account, business_date, channel, product_id
-- rebuild: view
-- equals: ops.fct_daily_product_sales
--   by account, business_date, channel, product_id
-- harm: A product would show other sales on a day than its lines add up to.
with daily as (
    select * from ops.fct_daily_product_sales
),

final as (
    select
        -- keys; names stand in sales_by_product, since they change on no day of sale
        account,
        business_date,
        channel,
        product_id,
        -- sales of the date
        order_count,
        quantity,
        gross_amount,
        net_amount,
        vat_amount,
        discount_amount,
        -- refunds observed on the date
        refund_quantity,
        refund_amount
    from daily
)

select * from final
