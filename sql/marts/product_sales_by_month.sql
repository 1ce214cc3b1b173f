-- grain: one row per account, month, channel and product with a sale
-- key: account, month, channel, product_id
-- rebuild: full
with daily as (
    select * from core.fct_daily_product_sales
),

products as (
    select * from core.dim_product
),

months as (
    select
        account,
        month_of(business_date) as month,
        channel,
        product_id,
        cast(sum(order_count) as bigint) as order_count,
        coalesce(try_cast(sum(item_quantity) as decimal(12, 3)), 0) as item_quantity,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(vat_amount) as decimal(18, 2)), 0) as vat_amount,
        coalesce(try_cast(sum(discount_amount) as decimal(18, 2)), 0) as discount_amount
    from daily
    where order_count > 0
    group by account, month_of(business_date), channel, product_id
),

final as (
    select
        -- keys
        months.account,
        months.month,
        months.channel,
        months.product_id,
        -- attributes
        products.product_code,
        products.product_name,
        -- sales
        months.order_count,
        months.item_quantity,
        months.gross_amount,
        months.net_amount,
        months.vat_amount,
        months.discount_amount
    from months
    left join products
        on
            months.account = products.account
            and coalesce(months.product_id, -1) = products.product_id
)

select * from final
