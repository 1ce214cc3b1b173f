-- severity: warn
-- scope: batch
-- harm: What stands in such a part is missing from the warehouse.
with documents as (
    select * from staging.stg_orders
    where is_latest
),

compared as (
    select
        documents.account,
        documents.order_id,
        documents.is_without_basket,
        documents.is_without_items,
        documents.is_without_payments,
        documents.has_odd_customer,
        documents.has_odd_shipment,
        documents.has_odd_discount,
        documents.has_odd_receipt,
        documents.listed_items - orders.item_count as silent_items,
        documents.listed_payments - orders.payment_count as silent_payments
    from documents
    inner join stored.fct_orders as orders
        on documents.account = orders.account and documents.order_id = orders.order_id
),

findings as (
    select
        account,
        order_id,
        unnest(
            [
                case when is_without_basket then 'basket is missing' end,
                case when is_without_items then 'basket.items is missing or no list' end,
                case when is_without_payments then 'payments is missing or no list' end,
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
        is_without_basket
        or is_without_items
        or is_without_payments
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
