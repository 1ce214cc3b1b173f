-- severity: warn
-- scope: batch
-- harm: What stands in such a part is missing from the warehouse.
with documents as (
    select
        account,
        order_id,
        is_readable and doc.basket is null as has_no_basket,
        doc.basket is not null and doc.basket.items is null as has_no_items,
        is_readable and doc.payments is null as has_no_payments,
        doc.customer is not null and doc.customer.id is null as has_odd_customer,
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
    from staging.order_documents
    where is_latest
),

compared as (
    select
        documents.*,
        documents.listed_items - orders.item_count as silent_items,
        documents.listed_payments - orders.payment_count as silent_payments
    from documents
    inner join core.stored_orders as orders
        on documents.account = orders.account and documents.order_id = orders.order_id
),

findings as (
    select
        account,
        order_id,
        unnest(
            [
                case when has_no_basket then 'basket is missing' end,
                case when has_no_items then 'basket.items is missing or no list' end,
                case when has_no_payments then 'payments is missing or no list' end,
                case when has_odd_customer then 'customer is no object or has no id' end,
                case when has_odd_shipment then 'shipment is no object or says nothing' end,
                case
                    when has_odd_discount then 'basket.discount is no object or says nothing'
                end,
                case when has_odd_receipt then 'basket.receipt is no object or has no pdf' end,
                case
                    when silent_items <> 0
                        then silent_items || ' elements of basket.items say nothing'
                end,
                case
                    when silent_payments <> 0
                        then silent_payments || ' elements of payments say nothing'
                end
            ]
        ) as detail
    from compared
    where
        has_no_basket
        or has_no_items
        or has_no_payments
        or has_odd_customer
        or has_odd_shipment
        or has_odd_discount
        or has_odd_receipt
        or silent_items <> 0
        or silent_payments <> 0
)

select
    account,
    order_id,
    detail,
    cast(null as decimal(18, 2)) as amount
from findings
where detail is not null
