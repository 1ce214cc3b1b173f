-- severity: warn
-- scope: batch
-- harm: What was sent is no number, or none that the warehouse can hold: the value is null and
--   missing from every sum.
with findings as (
    select
        account,
        order_id,
        'amount_paid is ' as subject,
        amount_paid_sent as sent
    from staging.stg_orders
    where is_latest and amount_paid_sent is not null and amount_paid is null
    union all
    select
        account,
        order_id,
        'shipment.cost is ' as subject,
        shipping_gross_sent as sent
    from staging.stg_orders
    where is_latest and shipping_gross_sent is not null and shipping_gross_amount is null
    union all
    select
        account,
        order_id,
        'basket.discount.amount is ' as subject,
        discount_value_sent as sent
    from staging.stg_orders
    where is_latest and discount_value_sent is not null and discount_value is null
    union all
    select
        account,
        order_id,
        'state is ' as subject,
        state_sent as sent
    from staging.stg_orders
    where is_latest and state_sent is not null and state is null
    union all
    select
        account,
        order_id,
        'customer.id is ' as subject,
        customer_id_sent as sent
    from staging.stg_orders
    where is_latest and customer_id_sent is not null and customer_id is null
    union all
    select
        account,
        order_id,
        'user_id is ' as subject,
        user_id_sent as sent
    from staging.stg_orders
    where is_latest and user_id_sent is not null
    union all
    select
        account,
        order_id,
        'billing_address.id is ' as subject,
        billing_address_sent as sent
    from staging.stg_orders
    where is_latest and billing_address_sent is not null
    union all
    select
        account,
        order_id,
        'shipping_address.id is ' as subject,
        shipping_address_sent as sent
    from staging.stg_orders
    where is_latest and shipping_address_sent is not null
    union all
    select
        account,
        order_id,
        'shipment.service.id is ' as subject,
        service_id_sent as sent
    from staging.stg_shipments
    where is_latest and service_id_sent is not null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': quantity is ' as subject,
        quantity_sent as sent
    from staging.stg_order_items
    where is_latest and quantity_sent is not null and quantity is null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': original_quantity is ' as subject,
        original_quantity_sent as sent
    from staging.stg_order_items
    where is_latest and original_quantity_sent is not null and original_quantity is null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': tax_rate is ' as subject,
        tax_rate_sent as sent
    from staging.stg_order_items
    where is_latest and tax_rate_sent is not null and tax_rate is null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': price is ' as subject,
        unit_net_price_sent as sent
    from staging.stg_order_items
    where is_latest and unit_net_price_sent is not null and unit_net_price is null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': unit_gross_price is ' as subject,
        unit_gross_sent as sent
    from staging.stg_order_items
    where is_latest and unit_gross_sent is not null and unit_gross_amount is null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': gross_price is ' as subject,
        gross_sent as sent
    from staging.stg_order_items
    where is_latest and gross_sent is not null and published_gross_amount is null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': discount.amount is ' as subject,
        discount_value_sent as sent
    from staging.stg_order_items
    where is_latest and discount_value_sent is not null and discount_value is null
    union all
    select
        account,
        order_id,
        'line ' || line_number || ': product is ' as subject,
        product_id_sent as sent
    from staging.stg_order_items
    where is_latest and product_id_sent is not null and product_id is null
    union all
    select
        account,
        order_id,
        'payment_amount is ' as subject,
        amount_sent as sent
    from staging.stg_payments
    where is_latest and amount_sent is not null and amount is null
)

select
    account,
    order_id,
    subject || '"' || substr(sent, 1, 60) || '"' as detail,
    cast(null as decimal(18, 2)) as amount
from findings
