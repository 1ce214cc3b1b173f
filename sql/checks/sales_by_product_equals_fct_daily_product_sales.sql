-- severity: fail
-- scope: build
-- harm: A product would show other sales than its days add up to.
with made as (
    select
        account,
        product_id,
        order_count,
        item_quantity,
        gross_amount,
        net_amount,
        vat_amount,
        refund_amount
    from marts.sales_by_product
),

facts as (
    select
        account,
        product_id,
        sum(order_count) as order_count,
        try_cast(sum(item_quantity) as decimal(12, 3)) as item_quantity,
        try_cast(sum(gross_amount) as decimal(18, 2)) as gross_amount,
        try_cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        try_cast(sum(vat_amount) as decimal(18, 2)) as vat_amount,
        try_cast(sum(refund_amount) as decimal(18, 2)) as refund_amount
    from core.fct_daily_product_sales
    group by account, product_id
)

select
    coalesce(made.account, facts.account) as account,
    coalesce(made.product_id, facts.product_id) as product_id,
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
    facts.refund_amount as fact_refund_amount
from made
full outer join facts
    on
        made.account is not distinct from facts.account
        and made.product_id is not distinct from facts.product_id
where
    coalesce(made.order_count, 0) <> coalesce(facts.order_count, 0)
    or coalesce(made.item_quantity, 0) <> coalesce(facts.item_quantity, 0)
    or coalesce(made.gross_amount, 0) <> coalesce(facts.gross_amount, 0)
    or coalesce(made.net_amount, 0) <> coalesce(facts.net_amount, 0)
    or coalesce(made.vat_amount, 0) <> coalesce(facts.vat_amount, 0)
    or coalesce(made.refund_amount, 0) <> coalesce(facts.refund_amount, 0)
