-- grain: one row per account, business date and channel with an order of any class or a refund
-- key: account, business_date, channel
-- rebuild: by date
with dates as (
    select * from increments.affected_dates
),

-- sales and refunds read the orders separately: a query that both shared would hold all of them
placed as (
    select
        account,
        business_date,
        channel,
        order_class,
        order_class = 'sale' as is_sale,
        order_class = 'open' and not is_refunded as is_open,
        customer_id,
        invoice_number,
        coalesce(completed_at, ordered_at, first_seen_at) as placed_at,
        item_count,
        quantity,
        items_gross_amount,
        items_net_amount,
        items_vat_amount,
        shipping_gross_amount,
        shipping_net_amount,
        shipping_vat_amount,
        coalesce(discount_amount, 0) + coalesce(item_discount_amount, 0) as discount_amount,
        payments_amount
    from core.fct_orders
    where business_date in (select business_date from dates)
),

refunds as (
    select
        account,
        refund_date as business_date,
        channel,
        count(*) as refund_count,
        sum(refund_amount) as refund_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date is not null
        and refund_date in (select business_date from dates)
    group by account, refund_date, channel
),

sales as (
    select
        account,
        business_date,
        channel,
        count(*) filter (where is_sale) as order_count,
        count(*) filter (where is_open) as open_order_count,
        count(*) filter (where order_class = 'canceled') as canceled_order_count,
        count(*) filter (where order_class = 'draft') as draft_order_count,
        count(*) filter (where order_class = 'test') as test_order_count,
        count(customer_id) filter (where is_sale) as customer_order_count,
        sum(items_gross_amount) filter (where is_sale and customer_id is not null)
            as customer_gross_amount,
        count(*) filter (where is_sale and invoice_number is null) as unnumbered_order_count,
        sum(item_count) filter (where is_sale) as item_count,
        sum(quantity) filter (where is_sale) as quantity,
        sum(items_gross_amount) filter (where is_sale) as gross_amount,
        sum(items_net_amount) filter (where is_sale) as net_amount,
        sum(items_vat_amount) filter (where is_sale) as vat_amount,
        sum(shipping_gross_amount) filter (where is_sale) as shipping_gross_amount,
        sum(shipping_net_amount) filter (where is_sale) as shipping_net_amount,
        sum(shipping_vat_amount) filter (where is_sale) as shipping_vat_amount,
        sum(wide(items_gross_amount) - wide(items_net_amount) - wide(items_vat_amount))
        filter (where is_sale) as unrated_gross_amount,
        sum(items_gross_amount) filter (where order_class = 'canceled') as canceled_gross_amount,
        sum(discount_amount) filter (where is_sale) as discount_amount,
        sum(payments_amount) filter (where is_sale) as payment_amount,
        max(placed_at) as last_order_at
    from placed
    group by account, business_date, channel
),

final as (
    select
        -- keys
        coalesce(sales.account, refunds.account) as account,
        coalesce(sales.business_date, refunds.business_date) as business_date,
        coalesce(sales.channel, refunds.channel) as channel,
        -- sales
        coalesce(sales.order_count, 0) as order_count,
        cast(coalesce(sales.item_count, 0) as bigint) as item_count,
        coalesce(try_cast(sales.quantity as decimal(12, 3)), 0) as quantity,
        coalesce(try_cast(sales.gross_amount as decimal(18, 2)), 0) as gross_amount,
        coalesce(try_cast(sales.net_amount as decimal(18, 2)), 0) as net_amount,
        coalesce(try_cast(sales.vat_amount as decimal(18, 2)), 0) as vat_amount,
        coalesce(try_cast(sales.shipping_gross_amount as decimal(18, 2)), 0)
            as shipping_gross_amount,
        coalesce(try_cast(sales.discount_amount as decimal(18, 2)), 0) as discount_amount,
        coalesce(try_cast(sales.payment_amount as decimal(18, 2)), 0) as payment_amount,
        coalesce(sales.customer_order_count, 0) as customer_order_count,
        coalesce(try_cast(sales.customer_gross_amount as decimal(18, 2)), 0)
            as customer_gross_amount,
        coalesce(sales.unnumbered_order_count, 0) as unnumbered_order_count,
        -- refunds
        coalesce(refunds.refund_count, 0) as refund_count,
        coalesce(try_cast(refunds.refund_amount as decimal(18, 2)), 0) as refund_amount,
        -- orders that are no sales
        coalesce(sales.open_order_count, 0) as open_order_count,
        coalesce(sales.canceled_order_count, 0) as canceled_order_count,
        coalesce(sales.draft_order_count, 0) as draft_order_count,
        coalesce(sales.test_order_count, 0) as test_order_count,
        -- shipping, goods without a rate, cancellations
        coalesce(try_cast(sales.shipping_net_amount as decimal(18, 2)), 0) as shipping_net_amount,
        coalesce(try_cast(sales.shipping_vat_amount as decimal(18, 2)), 0) as shipping_vat_amount,
        coalesce(try_cast(sales.unrated_gross_amount as decimal(18, 2)), 0)
            as unrated_gross_amount,
        coalesce(try_cast(sales.canceled_gross_amount as decimal(18, 2)), 0)
            as canceled_gross_amount,
        -- time
        sales.last_order_at
    from sales
    full outer join refunds
        on
            sales.account = refunds.account
            and sales.business_date = refunds.business_date
            and sales.channel = refunds.channel
)

select * from final
