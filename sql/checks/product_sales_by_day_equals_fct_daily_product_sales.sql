-- severity: fail
-- scope: build
-- harm: A product would show other sales on a day than its lines add up to.
with made as (
    select
        account,
        business_date,
        channel,
        product_id,
        order_count,
        gross_amount,
        refund_amount
    from marts.product_sales_by_day
    where
        business_date in (select business_date from increments.affected_product_days)
        and (business_date, product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
),

facts as (
    select
        account,
        business_date,
        channel,
        product_id,
        order_count,
        gross_amount,
        refund_amount
    from core.fct_daily_product_sales
    where
        business_date in (select business_date from increments.affected_product_days)
        and (business_date, product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.product_id, facts.product_id) as product_id,
    made.order_count,
    facts.order_count as fact_order_count,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount,
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
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
