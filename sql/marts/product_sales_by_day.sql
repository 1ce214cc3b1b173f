-- grain: one row per account, business date, channel and product with a sale or a refund
-- key: account, business_date, channel, product_id
-- rebuild: by product_day
-- equals: core.fct_daily_product_sales
--   by account, business_date, channel, product_id
-- harm: A product would show other sales on a day than its lines add up to.
with daily as (
    select daily.*
    from core.fct_daily_product_sales as daily
    inner join increments.affected_product_days as days
        on
            daily.business_date = days.business_date
            and daily.product_id is not distinct from days.product_id
    where daily.business_date in (select business_date from increments.affected_product_days)
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
