-- grain: one row per address of a customer in a version
-- key: account, order_id, version_number, address_number
with customers as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        whole_of(doc.customer.id) as customer_id,
        doc.customer.billing_address,
        doc.customer.shipping_address
    from staging.order_documents
    where doc.customer.id is not null
),

billing as (
    select
        * exclude (billing_address, shipping_address),
        'billing' as address_kind,
        0 as address_number,
        billing_address as address
    from customers
),

shipping as (
    select
        * exclude (billing_address, shipping_address),
        'shipping' as address_kind,
        cast(generate_subscripts(shipping_address, 1) as integer) as address_number,
        unnest(shipping_address) as address
    from customers
),

addresses as (
    select * from billing
    union all
    select * from shipping
),

final as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        customer_id,
        address_kind,
        address_number,
        whole_of(address.id) as address_id,
        text_of(address.country) as country_code,
        text_of(address.address1) as address1,
        text_of(address.address2) as address2,
        text_of(address.zipcode) as zipcode,
        text_of(address.city) as city,
        text_of(address.state) as state,
        text_of(address.first_name) as first_name,
        text_of(address.last_name) as last_name,
        text_of(address.company) as company,
        text_of(address.title) as title
    from addresses
)

select * from final
where address_id is not null and customer_id is not null
