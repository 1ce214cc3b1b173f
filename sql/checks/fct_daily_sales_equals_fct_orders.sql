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
        customer_gross_amount
    from core.fct_daily_sales
    where business_date in (select business_date from core.affected_dates)
),

facts as (
    select
        account,
        business_date,
        channel,
        count(*) as order_count,
        try_cast(sum(quantity) as decimal(12, 3)) as item_quantity,
        try_cast(sum(items_gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(items_net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(items_vat_amount) as decimal(18, 2)) as vat_amount,
        try_cast(sum(shipping_gross_amount) as decimal(18, 2)) as shipping_gross_amount,
        try_cast(sum(payments_amount) as decimal(18, 2)) as payment_amount,
        count(customer_id) as customer_order_count,
        try_cast(
            sum(case when customer_id is not null then items_gross_amount end) as decimal(18, 2)
        ) as customer_gross_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and business_date in (select business_date from core.affected_dates)
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
    facts.customer_gross_amount as fact_customer_gross_amount
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
