-- severity: fail
-- scope: batch
-- harm: A line would show one member of what the API sent as another.
with parts as (
    select
        account,
        order_id,
        cast(
            generate_subscripts(json_extract(payload, '$.basket.items[*]'), 1) as integer
        ) as line_number,
        unnest(json_extract(payload, '$.basket.items[*]')) as part
    from staging.sent_orders
),

members as (
    select
        account,
        order_id,
        line_number,
        json_extract_string(
            part,
            [
                '$.id',
                '$.product',
                '$.product_code',
                '$.name',
                '$.quantity',
                '$.original_quantity',
                '$.tax_rate',
                '$.price',
                '$.unit_gross_price',
                '$.gross_price',
                '$.discount.type',
                '$.discount.amount'
            ]
        ) as sent
    from parts
)

select
    facts.account,
    facts.order_id,
    facts.line_number,
    members.sent
from stored.fct_order_items as facts
inner join members
    on
        facts.account = members.account and facts.order_id = members.order_id
        and facts.line_number = members.line_number
where
    facts.item_id <> try_cast(members.sent[1] as bigint)
    or facts.product_id <> try_cast(members.sent[2] as bigint)
    or is_otherwise(facts.product_code, nullif(members.sent[3], ''))
    or is_otherwise(facts.product_name, nullif(members.sent[4], ''))
    or facts.quantity
    - case when facts.refund_quantity is null then 0 else coalesce(facts.returned_quantity, 0) end
    <> try_cast(members.sent[5] as decimal(12, 3))
    or facts.original_quantity <> try_cast(members.sent[6] as decimal(12, 3))
    or facts.tax_rate <> try_cast(members.sent[7] as decimal(6, 3))
    or facts.unit_net_price <> try_cast(members.sent[8] as decimal(20, 10))
    or facts.unit_gross_amount <> try_cast(members.sent[9] as decimal(18, 2))
    or (
        -- of a refunded order with less than before, the sale is shown as it was
        facts.published_gross_amount <> try_cast(members.sent[10] as decimal(18, 2))
        and (facts.refund_quantity is null or coalesce(facts.returned_quantity, 0) = 0)
    )
    or is_otherwise(facts.discount_type, nullif(lower(members.sent[11]), ''))
    or facts.discount_value <> try_cast(members.sent[12] as decimal(20, 10))
