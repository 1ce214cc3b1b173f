-- grain: one row per account, business date, channel and product with a sale or a refund
-- key: account, business_date, channel, product_id
-- rebuild: view
-- equals: ops.fct_daily_product_sales
--   by account, business_date, channel, product_id
-- harm: A product would show other sales on a day than its lines add up to.
with daily as (
    select * from ops.fct_daily_product_sales
),

products as (
    select * from core.dim_product
),

final as (
    select
        -- keys
        daily.account,
        daily.business_date,
        daily.channel,
        daily.product_id,
        products.product_name,
        -- sales of the date
        daily.order_count,
        daily.quantity,
        daily.gross_amount,
        daily.net_amount,
        daily.vat_amount,
        daily.discount_amount,
        -- refunds of the date
        daily.refund_quantity,
        daily.refund_amount
    from daily
    inner join products
        on
            daily.account = products.account
            and coalesce(daily.product_id, -1) = products.product_id
)

select * from final
