-- severity: warn
-- scope: batch
-- harm: The amount was rounded half up; sums may differ from the shop by cents.
with findings as (
    select
        account,
        order_id,
        'amount_paid is ' as subject,
        amount_paid_sent as sent,
        amount_paid as amount
    from staging.stg_orders
    where is_latest and has_more_than_cents(amount_paid_sent, amount_paid)
    union all
    select
        account,
        order_id,
        'shipment.cost is ' as subject,
        shipping_gross_sent as sent,
        shipping_gross_amount as amount
    from staging.stg_orders
    where is_latest and has_more_than_cents(shipping_gross_sent, shipping_gross_amount)
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': unit_gross_price is ' as subject,
        unit_gross_sent as sent,
        unit_gross_amount as amount
    from staging.stg_order_items
    where is_latest and has_more_than_cents(unit_gross_sent, unit_gross_amount)
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': gross_price is ' as subject,
        gross_sent as sent,
        published_gross_amount as amount
    from staging.stg_order_items
    where is_latest and has_more_than_cents(gross_sent, published_gross_amount)
    union all
    select
        account,
        order_id,
        'payment_amount is ' as subject,
        amount_sent as sent,
        amount
    from staging.stg_payments
    where is_latest and has_more_than_cents(amount_sent, amount)
)

select
    account,
    order_id,
    subject || '"' || substr(sent, 1, 60) || '"' as detail,
    amount
from findings
