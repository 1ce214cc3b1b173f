-- severity: fail
-- scope: batch
-- harm: An address would show one member of what the API sent as another.
with addresses as (
    select
        *,
        json_extract_string(payload, '$.customer.id') as customer,
        list_prepend(
            json_extract(payload, '$.customer.billing_address'),
            json_extract(payload, '$.customer.shipping_address[*]')
        ) as sent
    from staging.sent_orders
),

parts as (
    select
        * exclude (payload, sent),
        generate_subscripts(sent, 1) - 1 as address_number,
        unnest(sent) as part
    from addresses
),

members as (
    select
        account,
        order_id as seen_order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        address_number,
        customer,
        json_extract_string(
            part,
            [
                '$.id',
                '$.company',
                '$.title',
                '$.first_name',
                '$.last_name',
                '$.address1',
                '$.address2',
                '$.zipcode',
                '$.city',
                '$.state',
                '$.country'
            ]
        ) as sent
    from parts
)

select
    facts.account,
    facts.address_id,
    facts.seen_order_id,
    members.sent
from core.dim_address as facts
inner join members
    on
        facts.account = members.account
        and facts.seen_order_id = members.seen_order_id
        and facts.seen_at = members.seen_at
        and facts.seen_load_id = members.seen_load_id
        and facts.seen_seq = members.seen_seq
        and facts.address_number = members.address_number
        and facts.address_id = try_cast(members.sent[1] as bigint)
where
    facts.customer_id <> try_cast(members.customer as bigint)
    or (facts.address_kind = 'billing') <> (members.address_number = 0)
    or is_otherwise(facts.company, nullif(members.sent[2], ''))
    or is_otherwise(facts.title, nullif(members.sent[3], ''))
    or is_otherwise(facts.first_name, nullif(members.sent[4], ''))
    or is_otherwise(facts.last_name, nullif(members.sent[5], ''))
    or is_otherwise(facts.address1, nullif(members.sent[6], ''))
    or is_otherwise(facts.address2, nullif(members.sent[7], ''))
    or is_otherwise(facts.zipcode, nullif(members.sent[8], ''))
    or is_otherwise(facts.city, nullif(members.sent[9], ''))
    or is_otherwise(facts.region, nullif(members.sent[10], ''))
    or is_otherwise(facts.country_code, nullif(members.sent[11], ''))
