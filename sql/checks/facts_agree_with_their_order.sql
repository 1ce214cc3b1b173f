-- severity: fail
-- scope: batch
-- harm: Lines, VAT, payments or shipments would be reported on another channel, class or day than
--   their order, or without one.
with facts as (
    select
        'fct_order_items' as fact,
        facts.account,
        facts.order_id,
        facts.channel,
        facts.order_class,
        facts.business_date
    from stored.fct_order_items as facts
    union all
    select
        'fct_order_vat' as fact,
        facts.account,
        facts.order_id,
        facts.channel,
        facts.order_class,
        facts.business_date
    from stored.fct_order_vat as facts
    union all
    select
        'fct_payments' as fact,
        facts.account,
        facts.order_id,
        facts.channel,
        facts.order_class,
        cast(null as date) as business_date
    from stored.fct_payments as facts
    union all
    select
        'fct_shipments' as fact,
        facts.account,
        facts.order_id,
        facts.channel,
        facts.order_class,
        facts.business_date
    from stored.fct_shipments as facts
)

select
    facts.fact,
    facts.account,
    facts.order_id,
    facts.channel,
    facts.order_class,
    facts.business_date
from facts
left join stored.fct_orders as orders
    on facts.account = orders.account and facts.order_id = orders.order_id
where
    orders.order_id is null
    or facts.channel is distinct from orders.channel
    or facts.order_class is distinct from orders.order_class
    or (facts.business_date is not null and facts.business_date <> orders.business_date)
