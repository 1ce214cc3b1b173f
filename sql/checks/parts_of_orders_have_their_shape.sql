-- severity: warn
-- scope: batch
-- harm: What stands in such a part is missing from the warehouse.
with sent_items as (
    select
        account,
        order_id,
        len(doc.basket.items) as listed
    from staging.order_documents
    where is_latest and len(doc.basket.items) > 0
),

staged_items as (
    select
        account,
        order_id,
        count(*) as listed
    from staging.stg_order_items
    where is_latest
    group by account, order_id
),

sent_payments as (
    select
        account,
        order_id,
        len(doc.payments) as listed
    from staging.order_documents
    where is_latest and len(doc.payments) > 0
),

staged_payments as (
    select
        account,
        order_id,
        count(*) as listed
    from staging.stg_payments
    where is_latest
    group by account, order_id
),

findings as (
    select
        account,
        order_id,
        'basket is missing' as detail
    from staging.order_documents
    where is_latest and doc is not null and doc.basket is null
    union all
    select
        account,
        order_id,
        'basket.items is missing or no list' as detail
    from staging.order_documents
    where is_latest and doc.basket is not null and doc.basket.items is null
    union all
    select
        account,
        order_id,
        'payments is missing or no list' as detail
    from staging.order_documents
    where is_latest and doc is not null and doc.payments is null
    union all
    select
        account,
        order_id,
        'customer is no object or has no id' as detail
    from staging.order_documents
    where is_latest and doc.customer is not null and doc.customer.id is null
    union all
    select
        account,
        order_id,
        'shipment is no object or says nothing' as detail
    from staging.order_documents
    where
        is_latest
        and doc.shipment is not null
        and coalesce(
            doc.shipment.id, doc.shipment.cost, doc.shipment.name, doc.shipment.tracking_number
        ) is null
    union all
    select
        account,
        order_id,
        'basket.discount is no object or says nothing' as detail
    from staging.order_documents
    where
        is_latest
        and doc.basket.discount is not null
        and coalesce(doc.basket.discount.type, doc.basket.discount.amount) is null
    union all
    select
        account,
        order_id,
        'basket.receipt is no object or has no pdf' as detail
    from staging.order_documents
    where
        is_latest
        and doc.basket.receipt is not null
        and doc.basket.receipt.pdf is null
    union all
    select
        documents.account,
        documents.order_id,
        documents.listed - coalesce(staged.listed, 0)
        || ' elements of basket.items say nothing' as detail
    from sent_items as documents
    left join staged_items as staged
        on documents.account = staged.account and documents.order_id = staged.order_id
    where documents.listed <> coalesce(staged.listed, 0)
    union all
    select
        documents.account,
        documents.order_id,
        documents.listed - coalesce(staged.listed, 0)
        || ' elements of payments say nothing' as detail
    from sent_payments as documents
    left join staged_payments as staged
        on documents.account = staged.account and documents.order_id = staged.order_id
    where documents.listed <> coalesce(staged.listed, 0)
)

select
    account,
    order_id,
    detail,
    cast(null as decimal(18, 2)) as amount
from findings
