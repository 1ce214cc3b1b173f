-- severity: fail
-- scope: build
-- harm: A customer would show other refunds than the orders add up to.
with made as (
    select
        account,
        business_date,
        channel,
        customer_id,
        refund_count,
        refund_amount
    from core.fct_daily_customer_sales
    where
        business_date in (select business_date from increments.affected_customer_days)
        and (business_date, customer_id) in (
            select (business_date, customer_id)
            from increments.affected_customer_days
        )
),

facts as (
    select
        account,
        refund_date as business_date,
        channel,
        customer_id,
        count(*) as refund_count,
        try_cast(sum(items_gross_amount) as decimal(18, 2)) as refund_amount
    from core.fct_orders
    where
        order_class = 'sale'
        and refund_date in (select business_date from increments.affected_customer_days)
        and (refund_date, customer_id) in (
            select (business_date, customer_id)
            from increments.affected_customer_days
        )
    group by account, refund_date, channel, customer_id
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.customer_id, facts.customer_id) as customer_id,
    made.refund_count,
    facts.refund_count as fact_refund_count,
    made.refund_amount,
    facts.refund_amount as fact_refund_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
        and made.customer_id is not distinct from facts.customer_id
where
    coalesce(made.refund_count, 0) <> coalesce(facts.refund_count, 0)
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
