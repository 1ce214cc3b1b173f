-- severity: warn
-- scope: batch
-- harm: How much was taken off is unknown: reports of discounts leave it out.
with findings as (
    select
        lines.account,
        lines.order_id,
        'line ' || lines.line_number || ': discount' as subject,
        sent.discount_type,
        sent.discount_value,
        lines.published_gross_amount as amount
    from stored.fct_order_items as lines
    inner join staging.stg_order_items as sent
        on
            lines.account = sent.account
            and lines.order_id = sent.order_id
            and lines.line_number = sent.line_number
    where lines.discount_amount is null and sent.is_latest
    union all
    select
        orders.account,
        orders.order_id,
        'basket.discount' as subject,
        orders.discount_type,
        orders.discount_value,
        orders.amount_paid as amount
    from staging.stg_orders as orders
    inner join core.order_discounts as discounts
        on
            orders.account = discounts.account
            and orders.order_id = discounts.order_id
            and orders.version_number = discounts.version_number
    where orders.is_latest and discounts.discount_amount is null
)

select
    account,
    order_id,
    subject || ' of kind ' || coalesce('"' || substr(discount_type, 1, 20) || '"', 'none')
    || ' and value ' || coalesce(cast(discount_value as varchar), 'none') as detail,
    amount
from findings
