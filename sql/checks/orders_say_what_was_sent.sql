-- severity: fail
-- scope: batch
-- harm: An order would show one member of what the API sent as another.
with members as (
    select
        account,
        order_id,
        json_extract_string(
            payload,
            [
                '$.basket.invoice_number',
                '$.customer.id',
                '$.user_id',
                '$.state',
                '$.time_added',
                '$.completed_at',
                '$.basket.discount.type',
                '$.basket.discount.amount',
                '$.shipment.cost',
                '$.amount_paid',
                '$.basket.receipt.pdf',
                '$.customer.billing_address.id',
                '$.customer.shipping_address[0].id'
            ]
        ) as sent
    from staging.sent_orders
)

select
    facts.account,
    facts.order_id,
    members.sent
from stored.fct_orders as facts
inner join members
    on facts.account = members.account and facts.order_id = members.order_id
where
    is_otherwise(facts.invoice_number, nullif(members.sent[1], ''))
    or facts.customer_id <> try_cast(members.sent[2] as bigint)
    or facts.user_id <> try_cast(members.sent[3] as bigint)
    or facts.state <> try_cast(members.sent[4] as bigint)
    or facts.ordered_at <> utc_of(members.sent[5])
    or facts.completed_at <> utc_of(members.sent[6])
    or is_otherwise(facts.discount_type, nullif(lower(members.sent[7]), ''))
    or facts.discount_value <> try_cast(members.sent[8] as decimal(20, 10))
    or facts.shipping_gross_amount <> try_cast(members.sent[9] as decimal(18, 2))
    or facts.amount_paid <> try_cast(members.sent[10] as decimal(18, 2))
    or is_otherwise(facts.receipt_pdf_url, nullif(members.sent[11], ''))
    or facts.billing_address_id <> try_cast(members.sent[12] as bigint)
    or facts.shipping_address_id <> try_cast(members.sent[13] as bigint)
