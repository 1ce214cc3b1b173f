-- grain: one row per account, business date, channel and product with a sale or a refund
-- key: account, business_date, channel, product_id
-- rebuild: by date
with daily as (
    select * from core.fct_daily_product_sales
    where (account, business_date) in (
        select
            account,
            business_date
        from core.affected_dates
    )
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
        item_quantity,
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
