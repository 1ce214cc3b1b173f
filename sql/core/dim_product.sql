-- grain: one row per product that any version of an order ever named, and one for lines without one
-- key: account, product_id
-- rebuild: full
-- copies: ops.dim_product_attributes by account, product_id
with products as (
    select * from ops.dim_product_attributes
),

sales as (
    select
        account,
        coalesce(product_id, -1) as product_id,
        min(business_date) as first_sold_date,
        max(business_date) as last_sold_date
    from ops.fct_daily_product_sales
    where order_count > 0
    group by account, product_id
),

final as (
    select
        -- keys
        products.account,
        products.product_id,
        -- attributes, of the newest sale
        coalesce(products.product_name, 'Artikel ' || cast(products.product_id as varchar))
            as product_name,
        products.product_code,
        products.tax_rate,
        products.unit_gross_amount,
        -- sales
        sales.first_sold_date,
        sales.last_sold_date
    from products
    left join sales
        on products.account = sales.account and products.product_id = sales.product_id
)

select * from final
