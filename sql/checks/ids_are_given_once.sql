-- severity: warn
-- scope: batch
-- harm: A line or payment that has no id of its own cannot be traced from one version of its order
--   to the next.

-- Groups by two numbers are cheap; only orders of which they find something are looked at closer.
with suspects as (
    select order_id
    from staging.stg_order_items
    where is_latest
    group by order_id, item_id
    having item_id is null or count(*) > 1
    union all
    select order_id
    from staging.stg_payments
    where is_latest
    group by order_id, payment_id
    having payment_id is null or count(*) > 1
    union all
    select order_id
    from staging.stg_shipments
    where is_latest
    group by order_id, shipment_id
    having shipment_id is null or count(*) > 1
),

ids as (
    select
        account,
        order_id,
        'item' as kind,
        item_id as id,
        published_gross_amount as amount
    from staging.stg_order_items
    where is_latest and order_id in (select order_id from suspects)
    union all
    select
        account,
        order_id,
        'payment' as kind,
        payment_id as id,
        amount
    from staging.stg_payments
    where is_latest and order_id in (select order_id from suspects)
    union all
    select
        account,
        order_id,
        'shipment' as kind,
        shipment_id as id,
        gross_amount as amount
    from staging.stg_shipments
    where is_latest and order_id in (select order_id from suspects)
)

select
    account,
    order_id,
    case
        when id is null then count(*) || ' x ' || kind || ' without a readable id'
        else kind || ' ' || id || ' occurs ' || count(*) || ' times'
    end as detail,
    try_cast(sum(amount) as decimal(18, 2)) as amount
from ids
group by account, order_id, kind, id
having id is null or count(*) > 1
