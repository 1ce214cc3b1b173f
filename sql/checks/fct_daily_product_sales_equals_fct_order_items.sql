-- severity: fail
-- scope: build
-- harm: A product would show other sales than its lines add up to.
with made as (
    select
        account,
        business_date,
        channel,
        product_id,
        line_count,
        item_quantity,
        gross_amount,
        net_amount,
        vat_amount
    from core.fct_daily_product_sales
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
        count(*) as line_count,
        try_cast(sum(quantity) as decimal(12, 3)) as item_quantity,
        try_cast(sum(line_gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(line_net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(line_vat_amount) as decimal(18, 2)) as vat_amount
    from core.fct_order_items
    where
        order_class = 'sale'
        and business_date in (select business_date from increments.affected_product_days)
        and (business_date, product_id) in (
            select (business_date, product_id)
            from increments.affected_product_days
        )
    group by account, business_date, channel, product_id
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.business_date, facts.business_date) as business_date,
    coalesce(made.channel, facts.channel) as channel,
    coalesce(made.product_id, facts.product_id) as product_id,
    made.line_count,
    facts.line_count as fact_line_count,
    made.item_quantity,
    facts.item_quantity as fact_item_quantity,
    made.gross_amount,
    facts.gross_amount as fact_gross_amount,
    made.net_amount,
    facts.net_amount as fact_net_amount,
    made.vat_amount,
    facts.vat_amount as fact_vat_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.business_date is not distinct from facts.business_date
        and made.channel is not distinct from facts.channel
        and made.product_id is not distinct from facts.product_id
where
    coalesce(made.line_count, 0) <> coalesce(facts.line_count, 0)
    or coalesce(made.item_quantity, 0) <> coalesce(facts.item_quantity, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
    or coalesce(made.vat_amount, 0) <> coalesce(facts.vat_amount, 0)
