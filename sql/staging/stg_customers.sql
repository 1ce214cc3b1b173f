-- grain: one row per version of an order that names a customer
-- key: account, order_id, version_number
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
        doc.customer
    from staging.order_documents
    where doc.customer.id is not null
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
        code_of(customer.channel) as customer_channel,
        text_of(customer.email) as email,
        text_of(customer.title) as title,
        text_of(customer.first_name) as first_name,
        text_of(customer.middle_name) as middle_name,
        text_of(customer.last_name) as last_name,
        whole_of(customer.billing_address.id) as billing_address_id
    from customers
    where customer_id is not null
)

select * from final
