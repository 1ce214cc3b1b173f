-- severity: fail
-- scope: build
-- harm: Figures as of now would not be those of the reports.
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
        refund_amount,
        shipping_gross_amount
    from core.fct_daily_sales_history
    where
        valid_to is null
        and business_date in (select business_date from increments.affected_dates)
),

facts as (
    select
        account,
        business_date,
        channel,
        order_count,
        item_quantity,
        gross_amount,
        net_amount,
        vat_amount,
        refund_amount,
        shipping_gross_amount
    from core.fct_daily_sales
    where business_date in (select business_date from increments.affected_dates)
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
    made.refund_amount,
    facts.refund_amount as fact_refund_amount,
    made.shipping_gross_amount,
    facts.shipping_gross_amount as fact_shipping_gross_amount
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
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
    or coalesce(made.shipping_gross_amount, 0) <> coalesce(facts.shipping_gross_amount, 0)
