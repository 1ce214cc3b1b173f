-- grain: one row per version of an order, its payload parsed once for all staging models
-- key: account, order_id, version_number
with payloads as (
    -- by row number, so that DuckDB reads only these payloads out of gigabytes; few columns of the
    -- versions, so that it is they that are hashed for the join and not the payloads
    select
        orders.account,
        orders.order_id,
        versions.version_number,
        versions.is_latest,
        orders._watermark as seen_at,
        orders._dlt_load_id as seen_load_id,
        orders._read_seq as seen_seq,
        versions.content_hash,
        has_names_twice(orders.content_hash) as has_names_twice,
        versions.first_seen_at,
        versions.valid_to,
        orders.channel as read_channel,
        orders.state as read_state,
        orders.payload,
        case
            when has_names_twice(orders.content_hash)
                then order_document(names_once(orders.payload))
            else order_document(orders.payload)
        end as doc
    from raw.orders as orders
    inner join staging.order_versions as versions on orders.rowid = versions.raw_row
),

repaired as (
    select
        * exclude (payload, doc),
        doc is null as is_broken,
        coalesce(
            doc,
            case
                when has_names_twice then order_document(names_once(readable_json(payload)))
            end,
            order_document(readable_json(payload))
        ) as doc
    from payloads
),

identified as (
    select
        *,
        customer_ids(doc.customer) as customer_ids
    from repaired
),

sent as (
    select
        * exclude (doc, customer_ids),
        doc is not null as is_readable,
        text_of(doc.channel) as channel_sent,
        text_of(doc.basket.invoice_number) as invoice_number,
        text_of(customer_ids.id) as customer_id_sent,
        text_of(doc.user_id) as user_id_sent,
        text_of(doc.state) as state_sent,
        text_of(doc.time_added) as ordered_at_sent,
        text_of(doc.completed_at) as completed_at_sent,
        lower(text_of(doc.basket.discount.type)) as discount_type,
        doc.basket.discount.type is not null or doc.basket.discount.amount is not null
            as has_discount,
        text_of(doc.basket.discount.amount) as discount_value_sent,
        coalesce(
            doc.shipment.id, doc.shipment.cost, doc.shipment.name, doc.shipment.tracking_number
        ) is not null as has_shipment,
        text_of(doc.shipment.cost) as shipping_gross_sent,
        text_of(doc.amount_paid) as amount_paid_sent,
        text_of(doc.basket.receipt.pdf) as receipt_pdf_url,
        text_of(customer_ids.billing_address.id) as billing_address_sent,
        text_of(customer_ids.shipping_address[1].id) as shipping_address_sent,
        -- the parts that have tables of their own
        doc.basket.items as item_list,
        doc.payments as payment_list,
        cast(doc.customer as varchar) as customer_part,
        doc.shipment as shipment_part,
        -- their shape, for the findings
        doc is not null and doc.basket is null as is_without_basket,
        doc.basket is not null and doc.basket.items is null as is_without_items,
        doc is not null and doc.payments is null as is_without_payments,
        doc.customer is not null and customer_ids.id is null as has_odd_customer,
        doc.shipment is not null
        and coalesce(
            doc.shipment.id, doc.shipment.cost, doc.shipment.name, doc.shipment.tracking_number
        ) is null as has_odd_shipment,
        doc.basket.discount is not null
        and coalesce(doc.basket.discount.type, doc.basket.discount.amount) is null
            as has_odd_discount,
        doc.basket.receipt is not null and doc.basket.receipt.pdf is null as has_odd_receipt,
        coalesce(len(doc.basket.items), 0) as listed_items,
        coalesce(len(doc.payments), 0) as listed_payments
    from identified
),

moments as (
    select
        *,
        moment_of(ordered_at_sent) as ordered_moment,
        moment_of(completed_at_sent) as completed_moment,
        amount_of(shipping_gross_sent) as shipping_gross_amount,
        amount_of(amount_paid_sent) as amount_paid,
        id_of(customer_id_sent) as customer_id,
        id_of(user_id_sent) as user_id,
        id_of(billing_address_sent) as billing_address_id,
        id_of(shipping_address_sent) as shipping_address_id,
        try_cast(plain_of(discount_value_sent) as decimal(20, 10)) as discount_value,
        case
            when is_readable then code_of(state_sent)
            when read_state >= 0 then read_state
        end as state
    from sent
),

typed as (
    select
        *,
        plausible(ordered_moment) as ordered_at,
        plausible(completed_moment) as completed_at
    from moments
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
        content_hash,
        valid_to,
        business_date_of(seen_at) as observed_date,
        coalesce(text_of(read_channel), channel_sent, 'unknown') as channel,
        order_class_of(state, content_hash) as order_class,
        invoice_number,
        customer_id,
        user_id,
        state,
        ordered_at,
        completed_at,
        business_date_of(coalesce(completed_at, ordered_at, first_seen_at)) as business_date,
        discount_type,
        discount_value,
        has_discount,
        has_shipment,
        shipping_gross_amount,
        amount_paid,
        receipt_pdf_url,
        billing_address_id,
        shipping_address_id,
        currency_of_account() as currency_code,
        first_seen_at,
        -- parts that have tables of their own
        item_list,
        payment_list,
        customer_part,
        shipment_part,
        -- for the findings: shape, and as sent what was not taken as it stands
        is_broken,
        is_readable,
        is_without_basket,
        is_without_items,
        is_without_payments,
        has_odd_customer,
        has_odd_shipment,
        has_odd_discount,
        has_odd_receipt,
        listed_items,
        listed_payments,
        case when ordered_at is null then ordered_at_sent end as ordered_at_sent,
        case when completed_at is null then completed_at_sent end as completed_at_sent,
        case when state is null then state_sent end as state_sent,
        case when customer_id is null then customer_id_sent end as customer_id_sent,
        case when user_id is null then user_id_sent end as user_id_sent,
        case when billing_address_id is null then billing_address_sent end as billing_address_sent,
        case when shipping_address_id is null then shipping_address_sent
        end as shipping_address_sent,
        case when discount_value is null then discount_value_sent end as discount_value_sent,
        case when is_odd_amount(shipping_gross_sent, shipping_gross_amount) then shipping_gross_sent
        end as shipping_gross_sent,
        case when is_odd_amount(amount_paid_sent, amount_paid) then amount_paid_sent
        end as amount_paid_sent
    from typed
)

select * from final
