-- severity: warn
-- scope: batch
-- harm: How much was taken off is unknown: reports of discounts leave it out.
with findings as (
    select
        account,
        order_id,
        'line ' || line_number || ': discount' as subject,
        discount_type,
        discount_value,
        published_gross_amount as amount
    from core.order_lines
    where is_latest and discount_amount is null
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
