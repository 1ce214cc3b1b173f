-- grain: one row per version of an order
-- key: account, order_id, version_number
with documents as (
    select
        account,
        order_id,
        version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        content_hash,
        first_seen_at,
        valid_to,
        read_channel,
        read_state,
        is_readable,
        -- leaf by leaf, so that DuckDB reads only these out of the documents
        text_of(doc.channel) as channel_sent,
        text_of(doc.basket.invoice_number) as invoice_number,
        text_of(doc.customer.id) as customer_id_sent,
        text_of(doc.user_id) as user_id_sent,
        text_of(doc.state) as state_sent,
        text_of(doc.time_added) as ordered_at_sent,
        text_of(doc.completed_at) as completed_at_sent,
        text_of(doc.basket.discount.type) as discount_type_sent,
        doc.basket.discount.type is not null or doc.basket.discount.amount is not null
            as has_discount,
        text_of(doc.basket.discount.amount) as discount_value_sent,
        coalesce(
            doc.shipment.id, doc.shipment.cost, doc.shipment.name, doc.shipment.tracking_number
        ) is not null as has_shipment,
        text_of(doc.shipment.cost) as shipping_gross_sent,
        text_of(doc.amount_paid) as amount_paid_sent,
        text_of(doc.basket.receipt.pdf) as receipt_pdf_url,
        text_of(doc.customer.billing_address.id) as billing_address_sent,
        text_of(doc.customer.shipping_address[1].id) as shipping_address_sent
    from staging.order_documents
),

users as (
    select
        account,
        order_id,
        version_number,
        whole_of(doc.user_id) as user_id
    from staging.order_documents
),

earlier_users as (
    -- /orders/ leaves the user out: the newest earlier version that names one
    select
        users.account,
        users.order_id,
        users.version_number,
        arg_max(earlier.user_id, earlier.version_number) as user_id
    from users
    inner join users as earlier
        on
            users.account = earlier.account
            and users.order_id = earlier.order_id
            and users.version_number > earlier.version_number
    where users.user_id is null and earlier.user_id is not null
    group by users.account, users.order_id, users.version_number
),

moments as (
    select
        *,
        moment_of(ordered_at_sent) as ordered_moment,
        moment_of(completed_at_sent) as completed_moment
    from documents
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
        typed.account,
        typed.order_id,
        typed.version_number,
        is_latest,
        seen_at,
        seen_load_id,
        seen_seq,
        content_hash,
        valid_to,
        business_date_of(seen_at) as observed_date,
        coalesce(text_of(read_channel), channel_sent, 'unknown') as channel,
        invoice_number,
        whole_of(customer_id_sent) as customer_id,
        coalesce(whole_of(user_id_sent), earlier_users.user_id) as user_id,
        case
            when is_readable then code_of(state_sent)
            when read_state >= 0 then read_state
        end as state,
        ordered_at,
        completed_at,
        business_date_of(coalesce(completed_at, ordered_at, first_seen_at)) as business_date,
        lower(discount_type_sent) as discount_type,
        try_cast(discount_value_sent as decimal(20, 10)) as discount_value,
        has_discount,
        has_shipment,
        amount_of(shipping_gross_sent) as shipping_gross_amount,
        amount_of(amount_paid_sent) as amount_paid,
        receipt_pdf_url,
        whole_of(billing_address_sent) as billing_address_id,
        whole_of(shipping_address_sent) as shipping_address_id,
        currency_of_account() as currency_code,
        first_seen_at,
        -- as sent, for the findings
        ordered_at_sent,
        completed_at_sent,
        state_sent,
        customer_id_sent,
        discount_value_sent,
        shipping_gross_sent,
        amount_paid_sent
    from typed
    left join earlier_users
        on
            typed.account = earlier_users.account
            and typed.order_id = earlier_users.order_id
            and typed.version_number = earlier_users.version_number
)

select * from final
