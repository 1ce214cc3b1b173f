-- severity: fail
-- scope: build
-- harm: A day would show other sales than its orders add up to.
-- equals: ops.fct_daily_sales by account, business_date, channel
with orders as (
    select
        *,
        order_class = 'sale' as is_sale,
        coalesce(discount_amount, 0) + coalesce(item_discount_amount, 0) as all_discount_amount
    from core.fct_orders
    where business_date in (select business_date from increments.affected_dates)
)

select
    account,
    business_date,
    channel,
    count(*) filter (where is_sale) as order_count,
    sum(item_count) filter (where is_sale) as item_count,
    try_cast(sum(quantity) filter (where is_sale) as decimal(12, 3)) as quantity,
    try_cast(sum(items_gross_amount) filter (where is_sale) as decimal(18, 2)) as gross_amount,
    try_cast(sum(items_net_amount) filter (where is_sale) as decimal(18, 2)) as net_amount,
    try_cast(sum(items_vat_amount) filter (where is_sale) as decimal(18, 2)) as vat_amount,
    try_cast(sum(shipping_gross_amount) filter (where is_sale) as decimal(18, 2))
        as shipping_gross_amount,
    try_cast(sum(shipping_net_amount) filter (where is_sale) as decimal(18, 2))
        as shipping_net_amount,
    try_cast(sum(shipping_vat_amount) filter (where is_sale) as decimal(18, 2))
        as shipping_vat_amount,
    try_cast(sum(items_gross_amount) filter (where order_class = 'canceled') as decimal(18, 2))
        as canceled_gross_amount,
    try_cast(sum(all_discount_amount) filter (where is_sale) as decimal(18, 2)) as discount_amount,
    try_cast(sum(payments_amount) filter (where is_sale) as decimal(18, 2)) as payment_amount,
    count(customer_id) filter (where is_sale) as customer_order_count,
    try_cast(
        sum(items_gross_amount) filter (where is_sale and customer_id is not null)
        as decimal(18, 2)
    ) as customer_gross_amount,
    count(*) filter (where is_sale and invoice_number is null) as unnumbered_order_count,
    count(*) filter (where order_class = 'open' and not is_refunded) as open_order_count,
    count(*) filter (where order_class = 'canceled') as canceled_order_count,
    count(*) filter (where order_class = 'draft') as draft_order_count,
    count(*) filter (where order_class = 'test') as test_order_count,
    max(coalesce(completed_at, ordered_at, first_seen_at)) as last_order_at
from orders
group by account, business_date, channel
