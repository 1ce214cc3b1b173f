-- severity: warn
-- scope: batch
-- harm: The amount was rounded half up; sums may differ from the shop by cents.
-- staging keeps a text that was sent only where it was not taken as it stands
with findings as (
    select
        account,
        order_id,
        'amount_paid is ' as subject,
        amount_paid_sent as sent,
        amount_paid as amount
    from staging.stg_orders
    where is_latest and amount_paid_sent is not null and amount_paid is not null
    union all
    select
        account,
        order_id,
        'shipment.cost is ' as subject,
        shipping_gross_sent as sent,
        shipping_gross_amount as amount
    from staging.stg_orders
    where is_latest and shipping_gross_sent is not null and shipping_gross_amount is not null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': unit_gross_price is ' as subject,
        unit_gross_sent as sent,
        unit_gross_amount as amount
    from staging.stg_order_items
    where is_latest and unit_gross_sent is not null and unit_gross_amount is not null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': gross_price is ' as subject,
        gross_sent as sent,
        published_gross_amount as amount
    from staging.stg_order_items
    where is_latest and gross_sent is not null and published_gross_amount is not null
    union all
    select
        account,
        order_id,
        'payment_amount is ' as subject,
        amount_sent as sent,
        amount
    from staging.stg_payments
    where is_latest and amount_sent is not null and amount is not null
)

select
    account,
    order_id,
    subject || '"' || substr(sent, 1, 60) || '"' as detail,
    amount
from findings
