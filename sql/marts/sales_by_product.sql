-- grain: one row per account and product with a sale, and one for lines without a product
-- key: account, product_id
-- rebuild: full
-- equals: ops.fct_daily_product_sales by account, product_id
-- copies: core.dim_product by account, product_id
-- harm: A product would show other sales than its days add up to.
with daily as (
    select * from ops.fct_daily_product_sales
),

products as (
    select * from core.dim_product
),

totals as (
    select
        account,
        product_id,
        cast(sum(order_count) as bigint) as order_count,
        coalesce(try_cast(sum(quantity) as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(vat_amount) as decimal(18, 2)), 0) as vat_amount,
        coalesce(try_cast(sum(discount_amount) as decimal(18, 2)), 0) as discount_amount,
        coalesce(try_cast(sum(refund_quantity) as decimal(12, 3)), 0) as refund_quantity,
        coalesce(try_cast(sum(refund_amount) as decimal(18, 2)), 0) as refund_amount,
        min(business_date) filter (where order_count > 0) as first_sold_date,
        max(business_date) filter (where order_count > 0) as last_sold_date
    from daily
    group by account, product_id
),

wholes as (
    select
        account,
        try_cast(sum(gross_amount) as decimal(18, 2)) as whole_gross_amount
    from totals
    group by account
),

final as (
    select
        -- keys
        totals.account,
        totals.product_id,
        -- attributes
        products.product_code,
        products.product_name,
        -- sales
        totals.order_count,
        totals.quantity,
        totals.gross_amount,
        totals.net_amount,
        totals.vat_amount,
        totals.discount_amount,
        totals.refund_quantity,
        totals.refund_amount,
        totals.first_sold_date,
        totals.last_sold_date,
        -- importance
        ratio_of(cents_of(totals.gross_amount), cents_of(wholes.whole_gross_amount))
            as gross_share_ratio,
        row_number() over (
            partition by totals.account
            order by totals.gross_amount desc, totals.product_id asc nulls last
        ) as gross_rank
    from totals
    inner join wholes on totals.account = wholes.account
    left join products
        on
            totals.account = products.account
            and coalesce(totals.product_id, -1) = products.product_id
)

select * from final
