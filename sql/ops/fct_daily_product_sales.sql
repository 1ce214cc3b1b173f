-- grain: one row per account, business date, channel and product with a sale or a refund
-- key: account, business_date, channel, product_id
-- rebuild: by product_day
with days as (
    select * from increments.affected_product_days
),

-- sales and refunds read the lines separately: a query that both shared would hold all of them
refunds as (
    select
        account,
        order_id,
        refund_date
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date is not null
        and refund_date in (select changed.business_date from days as changed)
),

movements as (
    select
        items.account,
        items.order_id,
        items.business_date,
        items.channel,
        items.product_id,
        1 as line_count,
        items.quantity,
        items.line_gross_amount as gross_amount,
        items.line_net_amount as net_amount,
        items.line_vat_amount as vat_amount,
        coalesce(items.discount_amount, 0) + coalesce(items.order_discount_amount, 0)
            as discount_amount,
        cast(null as decimal(12, 3)) as refund_quantity,
        cast(null as decimal(18, 2)) as refund_amount
    from core.fct_order_items as items
    inner join days
        on
            items.business_date = days.business_date
            and items.product_id is not distinct from days.product_id
    where
        items.order_class = 'sale'
        and items.business_date in (select changed.business_date from days as changed)
    union all
    select
        items.account,
        cast(null as bigint) as order_id,
        refunds.refund_date as business_date,
        items.channel,
        items.product_id,
        0 as line_count,
        cast(null as decimal(12, 3)) as quantity,
        cast(null as decimal(18, 2)) as gross_amount,
        cast(null as decimal(18, 2)) as net_amount,
        cast(null as decimal(18, 2)) as vat_amount,
        cast(null as decimal(18, 2)) as discount_amount,
        items.refund_quantity,
        items.refund_amount
    from core.fct_order_items as items
    inner join refunds
        on items.order_id = refunds.order_id and nullif(items.account, refunds.account) is null
    inner join days
        on
            refunds.refund_date = days.business_date
            and items.product_id is not distinct from days.product_id
),

final as (
    select
        -- keys
        account,
        business_date,
        channel,
        product_id,
        -- sales; refunds name no order, so they do not count
        count(distinct order_id) as order_count,
        cast(sum(line_count) as bigint) as line_count,
        coalesce(try_cast(sum(quantity) as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(sum(gross_amount) as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sum(net_amount) as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sum(vat_amount) as decimal(18, 2)), 0) as vat_amount,
        coalesce(try_cast(sum(discount_amount) as decimal(18, 2)), 0) as discount_amount,
        -- refunds observed on the date
        coalesce(try_cast(sum(refund_quantity) as decimal(12, 3)), 0) as refund_quantity,
        coalesce(try_cast(sum(refund_amount) as decimal(18, 2)), 0) as refund_amount
    from movements
    group by account, business_date, channel, product_id
)

select * from final
