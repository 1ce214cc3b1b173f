-- grain: one row per account, business date, channel and customer with a sale or a refund
-- key: account, business_date, channel, customer_id
-- rebuild: by customer_day
with days as (
    select * from increments.affected_customer_days
),

-- sales and refunds read the orders separately: a query that both shared would hold all of them
movements as (
    select
        orders.account,
        orders.business_date,
        orders.channel,
        orders.customer_id,
        1 as order_count,
        orders.quantity,
        orders.items_gross_amount as gross_amount,
        orders.items_net_amount as net_amount,
        orders.refund_amount as refunded_sales_amount,
        0 as refund_count,
        cast(null as decimal(18, 2)) as refund_amount
    from core.fct_orders as orders
    inner join days
        on
            orders.business_date = days.business_date
            and orders.customer_id is not distinct from days.customer_id
    where
        orders.order_class = 'sale'
        and orders.business_date in (select changed.business_date from days as changed)
    union all
    select
        orders.account,
        orders.refund_date as business_date,
        orders.channel,
        orders.customer_id,
        0 as order_count,
        cast(null as decimal(12, 3)) as quantity,
        cast(null as decimal(18, 2)) as gross_amount,
        cast(null as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as refunded_sales_amount,
        1 as refund_count,
        orders.refund_amount
    from core.fct_orders as orders
    inner join days
        on
            orders.refund_date = days.business_date
            and orders.customer_id is not distinct from days.customer_id
    where
        orders.order_class = 'sale'
        and orders.refund_date in (select changed.business_date from days as changed)
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        customer_id,
        -- measures
        cast(sum(order_count) as bigint) as order_count,
        coalesce(try_cast(sum(quantity) as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(refunded_sales_amount) as decimal(18, 2)), 0)
            as refunded_sales_amount,
        -- refunds observed on the date
        cast(sum(refund_count) as bigint) as refund_count,
        coalesce(try_cast(sum(refund_amount) as decimal(18, 2)), 0) as refund_amount
    from movements
    group by account, business_date, channel, customer_id
)

select * from final
