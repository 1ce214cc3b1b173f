-- severity: fail
-- scope: batch
-- harm: A payment would show one member of what the API sent as another.
with parts as (
    select
        account,
        order_id,
        cast(
            generate_subscripts(json_extract(payload, '$.payments[*]'), 1) as integer
        ) as payment_number,
        unnest(json_extract(payload, '$.payments[*]')) as part
    from staging.sent_orders
),

members as (
    select
        account,
        order_id,
        payment_number,
        json_extract_string(
            part,
            [
                '$.id',
                '$.payment_method',
                '$.payment_amount',
                '$.date',
                '$.transaction_id',
                '$.transaction_duration',
                '$.external_payment_method',
                '$.paypal_invoice_id',
                '$.paypal_tab_id'
            ]
        ) as sent
    from parts
)

select
    facts.account,
    facts.order_id,
    facts.payment_number,
    members.sent
from stored.fct_payments as facts
inner join members
    on
        facts.account = members.account and facts.order_id = members.order_id
        and facts.payment_number = members.payment_number
where
    facts.payment_id <> try_cast(members.sent[1] as bigint)
    or is_otherwise(facts.payment_method, nullif(members.sent[2], ''))
    or facts.payment_amount <> try_cast(members.sent[3] as decimal(18, 2))
    or facts.paid_at <> utc_of(members.sent[4])
    or is_otherwise(facts.transaction_id, nullif(members.sent[5], ''))
    or is_otherwise(facts.transaction_duration, nullif(members.sent[6], ''))
    or is_otherwise(facts.external_payment_method, nullif(members.sent[7], ''))
    or is_otherwise(facts.paypal_invoice_id, nullif(members.sent[8], ''))
    or is_otherwise(facts.paypal_tab_id, nullif(members.sent[9], ''))
