-- grain: one row per order, product and day that it counts on: of the sale, of the refund
-- marts: sales_by_product, product_sales_by_day
with items as (
    select * from core.fct_order_items
    where order_class = 'sale'
),

orders as (
    select
        account,
        order_id,
        refund_date
    from core.fct_orders
    where refund_date is not null
),

sold as (
    select
        account,
        order_id,
        business_date,
        channel,
        product_id,
        1 as order_count,
        sum(quantity) as quantity,
        sum(line_gross_amount) as gross_amount,
        sum(line_net_amount) as net_amount,
        sum(line_vat_amount) as vat_amount,
        sum(coalesce(discount_amount, 0) + coalesce(order_discount_amount, 0)) as discount_amount,
        cast(null as decimal(18, 3)) as refund_quantity,
        cast(null as decimal(18, 2)) as refund_amount
    from items
    group by account, order_id, business_date, channel, product_id
),

refunded as (
    select
        items.account,
        items.order_id,
        orders.refund_date as business_date,
        items.channel,
        items.product_id,
        0 as order_count,
        cast(null as decimal(18, 3)) as quantity,
        cast(null as decimal(18, 2)) as gross_amount,
        cast(null as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as vat_amount,
        cast(null as decimal(18, 2)) as discount_amount,
        items.refund_quantity,
        items.refund_amount
    from items
    inner join orders on items.account = orders.account and items.order_id = orders.order_id
),

final as (
    select * from sold
    union all
    select * from refunded
)

select * from final
