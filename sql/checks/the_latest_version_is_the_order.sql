-- severity: fail
-- scope: batch
-- harm: Figures as of now and current figures would differ.
with latest as (
    select versions.*
    from stored.fct_order_versions as versions
    where versions.is_latest
)

select
    orders.account,
    orders.order_id,
    orders.version_count,
    latest.version_number
from stored.fct_orders as orders
left join latest
    on orders.account = latest.account and orders.order_id = latest.order_id
where
    latest.version_number is distinct from orders.version_count
    or latest.content_hash is distinct from orders.content_hash
    or latest.valid_from is distinct from orders.last_seen_at
    or latest.state is distinct from orders.state
    or latest.channel is distinct from orders.channel
    or latest.order_class is distinct from orders.order_class
    or latest.business_date is distinct from orders.business_date
    or latest.quantity is distinct from orders.quantity
    or latest.items_gross_amount is distinct from orders.items_gross_amount
    or latest.items_net_amount is distinct from orders.items_net_amount
    or latest.items_vat_amount is distinct from orders.items_vat_amount
    or latest.shipping_gross_amount is distinct from orders.shipping_gross_amount
    or latest.amount_paid is distinct from orders.amount_paid
