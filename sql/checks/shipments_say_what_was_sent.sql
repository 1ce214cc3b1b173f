-- severity: fail
-- scope: batch
-- harm: A shipment would show one member of what the API sent as another.
with members as (
    select
        account,
        order_id,
        json_extract_string(
            payload,
            [
                '$.shipment.id',
                '$.shipment.name',
                '$.shipment.external_key',
                '$.shipment.service.id',
                '$.shipment.service.name',
                '$.shipment.tracking_number',
                '$.shipment.cost',
                '$.shipment.service.time_min',
                '$.shipment.service.time_max'
            ]
        ) as sent
    from staging.sent_orders
)

select
    facts.account,
    facts.order_id,
    members.sent
from stored.fct_shipments as facts
inner join members
    on facts.account = members.account and facts.order_id = members.order_id
where
    facts.shipment_id <> try_cast(members.sent[1] as bigint)
    or is_otherwise(facts.shipment_name, nullif(members.sent[2], ''))
    or is_otherwise(facts.external_key, nullif(members.sent[3], ''))
    or facts.service_id <> try_cast(members.sent[4] as bigint)
    or is_otherwise(facts.service_name, nullif(members.sent[5], ''))
    or is_otherwise(facts.tracking_number, nullif(members.sent[6], ''))
    or facts.shipping_gross_amount <> try_cast(members.sent[7] as decimal(18, 2))
    or facts.time_min_seconds <> try_cast(members.sent[8] as bigint)
    or facts.time_max_seconds <> try_cast(members.sent[9] as bigint)
