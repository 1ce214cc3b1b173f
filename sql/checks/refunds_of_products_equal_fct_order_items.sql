-- severity: fail
-- scope: build
-- harm: A product would show other refunds than its lines add up to.
with made as (
    select
        account,
        business_date,
        channel,
        product_id,
        refund_quantity,
        refund_amount
    from core.fct_daily_product_sales
    where
        business_date in (select business_date from increments.affected_product_days)
        and (business_date, product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
),

refunded as (
    select
        account,
        order_id,
        refund_date
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date in (select business_date from increments.affected_product_days)
),

facts as (
    select
        items.account,
        refunded.refund_date as business_date,
        items.channel,
        items.product_id,
        try_cast(sum(items.quantity) as decimal(12, 3)) as refund_quantity,
        try_cast(sum(items.line_gross_amount) as decimal(18, 2)) as refund_amount
    from core.fct_order_items as items
    inner join refunded
        on items.order_id = refunded.order_id and nullif(items.account, refunded.account) is null
    where
        (refunded.refund_date, items.product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
    group by items.account, refunded.refund_date, items.channel, items.product_id
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.product_id, facts.product_id) as product_id,
    made.refund_quantity,
    facts.refund_quantity as fact_refund_quantity,
    made.refund_amount,
    facts.refund_amount as fact_refund_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
        and made.product_id is not distinct from facts.product_id
where
    coalesce(made.refund_quantity, 0) <> coalesce(facts.refund_quantity, 0)
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
