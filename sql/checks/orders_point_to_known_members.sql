-- severity: fail
-- scope: batch
-- harm: A sale would vanish from reports that join its product, customer, user, address or
--   service.
with lost as (
    select
        'fct_order_items.product_id' as column_name,
        facts.account,
        cast(facts.product_id as varchar) as missing_key
    from stored.fct_order_items as facts
    left join ops.dim_product_attributes as dims
        on facts.account = dims.account and facts.product_id = dims.product_id
    where facts.product_id is not null and dims.product_id is null
    union all
    select
        'fct_orders.customer_id' as column_name,
        facts.account,
        cast(facts.customer_id as varchar) as missing_key
    from stored.fct_orders as facts
    left join core.dim_customer as dims
        on facts.account = dims.account and facts.customer_id = dims.customer_id
    where facts.customer_id is not null and dims.customer_id is null
    union all
    select
        'fct_orders.user_id' as column_name,
        facts.account,
        cast(facts.user_id as varchar) as missing_key
    from stored.fct_orders as facts
    left join core.dim_user as dims
        on facts.account = dims.account and facts.user_id = dims.user_id
    where facts.user_id is not null and dims.user_id is null
    union all
    select
        'fct_orders.billing_address_id' as column_name,
        facts.account,
        cast(facts.billing_address_id as varchar) as missing_key
    from stored.fct_orders as facts
    left join core.dim_address as dims
        on facts.account = dims.account and facts.billing_address_id = dims.address_id
    where facts.billing_address_id is not null and dims.address_id is null
    union all
    select
        'fct_orders.shipping_address_id' as column_name,
        facts.account,
        cast(facts.shipping_address_id as varchar) as missing_key
    from stored.fct_orders as facts
    left join core.dim_address as dims
        on facts.account = dims.account and facts.shipping_address_id = dims.address_id
    where facts.shipping_address_id is not null and dims.address_id is null
    union all
    select
        'fct_shipments.service_id' as column_name,
        facts.account,
        cast(facts.service_id as varchar) as missing_key
    from stored.fct_shipments as facts
    left join core.dim_shipping_service as dims
        on facts.account = dims.account and facts.service_id = dims.service_id
    where facts.service_id is not null and dims.service_id is null
)

select * from lost
