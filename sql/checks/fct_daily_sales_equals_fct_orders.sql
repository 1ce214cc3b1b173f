-- severity: fail
-- scope: build
-- harm: A day would show other sales than its orders add up to.
with made as (
    select
        account,
        business_date,
        channel,
        order_count,
        item_quantity,
        gross_amount,
        net_amount,
        vat_amount,
        shipping_gross_amount,
        payment_amount,
        customer_order_count,
        customer_gross_amount,
        item_count,
        unnumbered_order_count,
        discount_amount,
        open_order_count,
        canceled_order_count,
        draft_order_count,
        test_order_count
    from core.fct_daily_sales
    where business_date in (select business_date from increments.affected_dates)
),

orders as (
    select
        *,
        order_class = 'sale' as is_sale,
        coalesce(discount_amount, 0) + coalesce(item_discount_amount, 0) as all_discount_amount
    from core.fct_orders
    where business_date in (select business_date from increments.affected_dates)
),

facts as (
    select
        account,
        business_date,
        channel,
        count(*) filter (where is_sale) as order_count,
        try_cast(sum(quantity) filter (where is_sale) as decimal(12, 3)) as item_quantity,
        try_cast(sum(items_gross_amount) filter (where is_sale) as decimal(18, 2)) as gross_amount,
        try_cast(sum(items_net_amount) filter (where is_sale) as decimal(18, 2)) as net_amount,
        try_cast(sum(items_vat_amount) filter (where is_sale) as decimal(18, 2)) as vat_amount,
        try_cast(sum(shipping_gross_amount) filter (where is_sale) as decimal(18, 2))
            as shipping_gross_amount,
        try_cast(sum(payments_amount) filter (where is_sale) as decimal(18, 2)) as payment_amount,
        count(customer_id) filter (where is_sale) as customer_order_count,
        try_cast(
            sum(items_gross_amount) filter (where is_sale and customer_id is not null)
            as decimal(18, 2)
        ) as customer_gross_amount,
        sum(item_count) filter (where is_sale) as item_count,
        count(*) filter (where is_sale and invoice_number is null) as unnumbered_order_count,
        try_cast(sum(all_discount_amount) filter (where is_sale) as decimal(18, 2))
            as discount_amount,
        count(*) filter (where order_class = 'open') as open_order_count,
        count(*) filter (where order_class = 'canceled') as canceled_order_count,
        count(*) filter (where order_class = 'draft') as draft_order_count,
        count(*) filter (where order_class = 'test') as test_order_count
    from orders
    group by account, business_date, channel
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    made.order_count,
    facts.order_count as fact_order_count,
    made.item_quantity,
    facts.item_quantity as fact_item_quantity,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount,
    made.net_amount,
    facts.net_amount as fact_net_amount,
    made.vat_amount,
    facts.vat_amount as fact_vat_amount,
    made.shipping_gross_amount,
    facts.shipping_gross_amount as fact_shipping_gross_amount,
    made.payment_amount,
    facts.payment_amount as fact_payment_amount,
    made.customer_order_count,
    facts.customer_order_count as fact_customer_order_count,
    made.customer_gross_amount,
    facts.customer_gross_amount as fact_customer_gross_amount,
    made.item_count,
    facts.item_count as fact_item_count,
    made.unnumbered_order_count,
    facts.unnumbered_order_count as fact_unnumbered_order_count,
    made.discount_amount,
    facts.discount_amount as fact_discount_amount,
    made.open_order_count,
    facts.open_order_count as fact_open_order_count,
    made.canceled_order_count,
    facts.canceled_order_count as fact_canceled_order_count,
    made.draft_order_count,
    facts.draft_order_count as fact_draft_order_count,
    made.test_order_count,
    facts.test_order_count as fact_test_order_count
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.item_quantity, 0) <> coalesce(facts.item_quantity, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
    or coalesce(made.vat_amount, 0) <> coalesce(facts.vat_amount, 0)
    or coalesce(made.shipping_gross_amount, 0) <> coalesce(facts.shipping_gross_amount, 0)
    or coalesce(made.payment_amount, 0) <> coalesce(facts.payment_amount, 0)
    or coalesce(made.customer_order_count, 0) <> coalesce(facts.customer_order_count, 0)
    or coalesce(made.customer_gross_amount, 0) <> coalesce(facts.customer_gross_amount, 0)
    or coalesce(made.item_count, 0) <> coalesce(facts.item_count, 0)
    or coalesce(made.unnumbered_order_count, 0) <> coalesce(facts.unnumbered_order_count, 0)
    or coalesce(made.discount_amount, 0) <> coalesce(facts.discount_amount, 0)
    or coalesce(made.open_order_count, 0) <> coalesce(facts.open_order_count, 0)
    or coalesce(made.canceled_order_count, 0) <> coalesce(facts.canceled_order_count, 0)
    or coalesce(made.draft_order_count, 0) <> coalesce(facts.draft_order_count, 0)
    or coalesce(made.test_order_count, 0) <> coalesce(facts.test_order_count, 0)
