-- severity: fail
-- scope: batch
-- harm: A customer would show one member of what the API sent as another.
with members as (
    select
        account,
        order_id as seen_order_id,
        seen_at,
        seen_load_id,
        seen_seq,
        json_extract_string(
            payload,
            [
                '$.customer.id',
                '$.customer.channel',
                '$.customer.email',
                '$.customer.title',
                '$.customer.first_name',
                '$.customer.middle_name',
                '$.customer.last_name',
                '$.customer.billing_address.id',
                '$.customer.billing_address.company',
                '$.customer.billing_address.zipcode',
                '$.customer.billing_address.city',
                '$.customer.billing_address.country'
            ]
        ) as sent
    from staging.sent_orders
)

select
    facts.account,
    facts.customer_id,
    facts.seen_order_id,
    members.sent
from core.dim_customer as facts
inner join members
    on
        facts.account = members.account
        and facts.seen_order_id = members.seen_order_id
        and facts.seen_at = members.seen_at
        and facts.seen_load_id = members.seen_load_id
        and facts.seen_seq = members.seen_seq
        and facts.customer_id = try_cast(members.sent[1] as bigint)
where
    facts.customer_channel <> try_cast(members.sent[2] as bigint)
    or is_otherwise(facts.email, nullif(members.sent[3], ''))
    or is_otherwise(facts.title, nullif(members.sent[4], ''))
    or is_otherwise(facts.first_name, nullif(members.sent[5], ''))
    or is_otherwise(facts.middle_name, nullif(members.sent[6], ''))
    or is_otherwise(facts.last_name, nullif(members.sent[7], ''))
    or facts.billing_address_id <> try_cast(members.sent[8] as bigint)
    or (
        facts.billing_address_id is not null
        and (
            is_otherwise(facts.company, nullif(members.sent[9], ''))
            or is_otherwise(facts.zipcode, nullif(members.sent[10], ''))
            or is_otherwise(facts.city, nullif(members.sent[11], ''))
            or is_otherwise(facts.country_code, nullif(members.sent[12], ''))
        )
    )
