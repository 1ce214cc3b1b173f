-- severity: warn
-- scope: batch
-- harm: The API knows no negative sales: returns are records of their own. Such a value lowers
--   turnover or payments.
with findings as (
    select
        account,
        order_id,
        'amount_paid is ' || amount_paid as detail,
        amount_paid as amount
    from staging.stg_orders
    where is_latest and amount_paid < 0
    union all
    select
        account,
        order_id,
        'shipment.cost is ' || shipping_gross_amount as detail,
        shipping_gross_amount as amount
    from staging.stg_orders
    where is_latest and shipping_gross_amount < 0
    union all
    select
        account,
        order_id,
        'basket.discount.amount is ' || discount_value as detail,
        amount_paid as amount
    from staging.stg_orders
    where is_latest and discount_value < 0
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': quantity is ' || quantity as detail,
        published_gross_amount as amount
    from staging.stg_order_items
    where is_latest and quantity < 0
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': gross_price is ' || published_gross_amount as detail,
        published_gross_amount as amount
    from staging.stg_order_items
    where is_latest and published_gross_amount < 0
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': unit_gross_price is ' || unit_gross_amount as detail,
        unit_gross_amount as amount
    from staging.stg_order_items
    where is_latest and unit_gross_amount < 0
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': discount.amount is ' || discount_value as detail,
        published_gross_amount as amount
    from staging.stg_order_items
    where is_latest and discount_value < 0
    union all
    select
        account,
        order_id,
        'payment_amount is ' || amount as detail,
        amount
    from staging.stg_payments
    where is_latest and amount < 0
)

select
    account,
    order_id,
    detail,
    amount
from findings
