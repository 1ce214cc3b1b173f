-- Reading what the API sent. Pure expressions that models share; arguments are repeated in the text
-- of an expression: give columns, not calls.

-- Text in which nothing stands is null.
create or replace temp macro text_of(sent) as nullif(sent, '');

-- The text of a number without its exponent: with one DuckDB casts it to decimals that their type
-- does not hold, and stops at them later. Null: it is none, or beyond 28 digits. Others as sent.
create or replace temp macro plain_of(sent) as
case
    when sent like '%e%' or sent like '%E%'
        then cast(try_cast(sent as decimal(38, 10)) as varchar)
    else sent
end;

-- A decimal as text, exponents included, rounded half up to cents; null if it is none or too large.
create or replace temp macro amount_of(sent) as try_cast(plain_of(sent) as decimal(18, 2));

-- Whether an amount was sent that is none, or of which rounding to cents took something away.
create or replace temp macro is_odd_amount(sent, rounded) as
case
    when rounded is null then sent is not null
    when sent like '%.__' then false  -- three times faster
    else coalesce(try_cast(plain_of(sent) as decimal(38, 18)) <> rounded, false)
end;

-- A whole number; null for 1.5, for text, and beyond 64 bits.
create or replace temp macro whole_of(sent) as
case
    when try_cast(sent as bigint) = try_cast(sent as decimal(38, 10)) then try_cast(sent as bigint)
end;

-- An id that a dimension has a member for: a whole number from 0 on. Negative numbers are kept for
-- members of our own, such as -1 for lines without a product: nothing that is sent can be one.
create or replace temp macro id_of(sent) as
case
    when
        try_cast(sent as bigint) >= 0
        and try_cast(sent as bigint) = try_cast(sent as decimal(38, 10))
        then try_cast(sent as bigint)
end;

-- A whole number that fits INTEGER and is not negative: a state, a channel number.
create or replace temp macro code_of(sent) as
case when whole_of(sent) between 0 and 2147483647 then cast(whole_of(sent) as integer) end;

-- A VAT rate in percent.
create or replace temp macro rate_of(sent) as
case
    when try_cast(plain_of(sent) as decimal(6, 3)) >= 0
        then try_cast(plain_of(sent) as decimal(6, 3))
end;

-- JSON text with what the parser refuses made readable: halves of surrogate pairs become U+FFFD,
-- control characters spaces. Escaped backslashes and whole pairs are put aside meanwhile.
create or replace temp macro readable_json(payload) as
replace(
    replace(
        regexp_replace(
            regexp_replace(
                replace(
                    regexp_replace(ltrim(payload, chr(65279)), '[\x00-\x1f]', ' ', 'g'),
                    '\\',
                    chr(1)
                ),
                '\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})',
                chr(2) || '\1' || chr(2) || '\2',
                'g'
            ),
            '\\u[dD][89a-fA-F][0-9a-fA-F]{2}',
            '\\ufffd',
            'g'
        ),
        chr(2),
        '\u'
    ),
    chr(1),
    '\\'
);

-- The order with each name once, names sorted, what they are written with (white space, escapes)
-- gone; of names that come twice the last counts. Numbers keep what a double holds. Null: no JSON.
create or replace temp macro names_once(payload) as
try(json_strip_nulls(cast(cast(cast(payload as json) as variant) as json)));

-- The loader marks an order that names a member of its own twice, however the name is escaped: of
-- those the last counts, in raw.orders as in core. DuckDB alone would read the first, and does
-- further inside (a basket, a line, a payment), where nobody looks for them. Spark's VARIANT
-- refuses such payloads, or takes the last throughout (spark.sql.variant.allowDuplicateKeys).
create or replace temp macro has_names_twice(content_hash) as content_hash like '%-twice';

-- Whether no name comes twice anywhere in it, by the number of names, with those and without.
create or replace temp macro names_come_once(payload) as
try(
    len(regexp_extract_all(json(payload), '":'))
    = len(regexp_extract_all(cast(cast(cast(payload as json) as variant) as json), '":'))
);

-- What an order says; null where that cannot be compared: it is no JSON, or names come twice
-- further inside, of which the first is read.
create or replace temp macro content_of(payload, content_hash) as
case
    when has_names_twice(content_hash) or names_come_once(payload) then names_once(payload)
end;

-- The numbers of an order that names_once wrote, by value, in the order in which they stand there.
create or replace temp macro numbers_of(once) as
list_transform(
    regexp_extract_all(
        cast(once as varchar),
        '"(?:price|gross_price|unit_gross_price|quantity|original_quantity|tax_rate|amount'
        || '|amount_paid|payment_amount|cost)":("?)(-?[0-9][0-9.eE+-]*)"?[,}]',
        2
    ),
    lambda sent: coalesce(cast(try_cast(sent as decimal(38, 18)) as varchar), sent)
);

-- A point in time with an offset, by value; any other text as it was sent.
create or replace temp macro instant_of(sent) as
case
    when regexp_matches(sent, ':\d\d(\.\d+)?\s*([Zz]|[+-]\d\d(:?\d\d)?)$')
        then coalesce(cast(epoch_us(try_cast(sent as timestamptz)) as varchar), sent)
    else sent
end;

-- Its points in time, likewise.
create or replace temp macro moments_of(once) as
list_transform(
    regexp_extract_all(
        cast(once as varchar), '"(?:time_added|completed_at|date)":"([^"\\]*)"', 1
    ),
    lambda sent: instant_of(sent)
);

-- What else it says; a quotation mark before a colon ends a name, since within text it is escaped.
create or replace temp macro wording_of(once) as
regexp_replace(
    regexp_replace(
        regexp_replace(
            cast(
                json_remove(
                    json_remove(json_remove(once, '$.delta_state'), '$.user_id'),
                    '$.available_refund_types'
                )
                as varchar
            ),
            '"(price|gross_price|unit_gross_price|quantity|original_quantity|tax_rate|amount'
            || '|amount_paid|payment_amount|cost)":"?-?[0-9][0-9.eE+-]*"?([,}])',
            '"\1":0\2',
            'g'
        ),
        '"(time_added|completed_at|date)":"[^"\\]*"',
        '"\1":0',
        'g'
    ),
    '([^\\]":-?[0-9]+)\.0([,}])',
    '\1\2',
    'g'
);

-- What a version is: two reads show the same one if what they say is the same, however it was
-- written, and the loader's hash (the same bytes, the members that vary by request and the order of
-- the others aside) only spares most reads the comparison. Written otherwise is: white space,
-- escapes, the order of names, null for a member that is left out, zeros at the end of a number and
-- its exponent, an amount, quantity or rate in quotes, the offset of a point in time. Any other
-- text is what it is: 01067 is no 1067, and 1.10 no 1.1.
create or replace temp macro same_content(once, once_before) as (
    wording_of(once) = wording_of(once_before)
    and numbers_of(once) = numbers_of(once_before)
    and moments_of(once) = moments_of(once_before)
);

-- An order with every leaf as the text that was sent, its customer as one. An object of the wrong
-- shape has only nulls, a list of the wrong shape is null, and so is a payload that is no JSON:
-- nothing fails.
create or replace temp macro order_document(payload) as
try(from_json(
    payload,
    '{
        "basket": {
            "items": [{
                "id": "VARCHAR", "name": "VARCHAR", "product": "VARCHAR",
                "product_code": "VARCHAR", "price": "VARCHAR", "quantity": "VARCHAR",
                "original_quantity": "VARCHAR", "tax_rate": "VARCHAR",
                "unit_gross_price": "VARCHAR", "gross_price": "VARCHAR",
                "discount": {"type": "VARCHAR", "amount": "VARCHAR"}
            }],
            "discount": {"type": "VARCHAR", "amount": "VARCHAR"},
            "receipt": {"pdf": "VARCHAR"},
            "invoice_number": "VARCHAR"
        },
        "state": "VARCHAR",
        "customer": "JSON",
        "amount_paid": "VARCHAR",
        "payments": [{
            "id": "VARCHAR", "payment_method": "VARCHAR", "payment_amount": "VARCHAR",
            "date": "VARCHAR", "transaction_id": "VARCHAR", "transaction_duration": "VARCHAR",
            "external_payment_method": "VARCHAR", "paypal_invoice_id": "VARCHAR",
            "paypal_tab_id": "VARCHAR"
        }],
        "shipment": {
            "id": "VARCHAR", "name": "VARCHAR", "tracking_number": "VARCHAR", "cost": "VARCHAR",
            "external_key": "VARCHAR",
            "service": {
                "id": "VARCHAR", "name": "VARCHAR", "time_min": "VARCHAR", "time_max": "VARCHAR"
            }
        },
        "channel": "VARCHAR",
        "time_added": "VARCHAR",
        "completed_at": "VARCHAR",
        "user_id": "VARCHAR"
    }'
));

-- The customer of an order, likewise.
create or replace temp macro customer_document(customer) as
try(from_json(
    customer,
    '{
        "id": "VARCHAR", "channel": "VARCHAR", "email": "VARCHAR", "title": "VARCHAR",
        "first_name": "VARCHAR", "middle_name": "VARCHAR", "last_name": "VARCHAR",
        "billing_address": {
            "id": "VARCHAR", "country": "VARCHAR", "address1": "VARCHAR",
            "address2": "VARCHAR", "zipcode": "VARCHAR", "city": "VARCHAR",
            "state": "VARCHAR", "first_name": "VARCHAR", "last_name": "VARCHAR",
            "company": "VARCHAR", "title": "VARCHAR"
        },
        "shipping_address": [{
            "id": "VARCHAR", "country": "VARCHAR", "address1": "VARCHAR",
            "address2": "VARCHAR", "zipcode": "VARCHAR", "city": "VARCHAR",
            "state": "VARCHAR", "first_name": "VARCHAR", "last_name": "VARCHAR",
            "company": "VARCHAR", "title": "VARCHAR"
        }]
    }'
));

-- What an order itself needs to know of its customer.
create or replace temp macro customer_ids(customer) as
try(from_json(
    customer,
    '{
        "id": "VARCHAR",
        "billing_address": {"id": "VARCHAR"},
        "shipping_address": [{"id": "VARCHAR"}]
    }'
));

create or replace temp macro has_bit(state, bit) as (coalesce(state, 0) & bit) <> 0;

-- Only `sale` counts as turnover. TEST_PRINT, DRAFT and CANCELED win over PAID and CLOSED. The hash
-- `missing` is what `reconcile` gives an order that the API no longer lists.
create or replace temp macro order_class_of(state, content_hash) as
case
    when content_hash = 'missing' then 'missing'
    when has_bit(state, 128) then 'test'
    when has_bit(state, 1) then 'draft'
    when has_bit(state, 4) then 'canceled'
    when has_bit(state, 256) or has_bit(state, 8) then 'sale'
    else 'open'
end;

-- Whether a text shows something else than what was sent. A number where a text is expected is
-- written in two ways, with an exponent or without, if a double does not hold its digits.
create or replace temp macro is_otherwise(fact, sent) as
fact is distinct from coalesce(sent, fact)
and not coalesce(fact like '%e%' and try_cast(fact as double) = try_cast(sent as double), false);

-- A point in time that was sent in UTC; null for any other.
create or replace temp macro utc_of(sent) as
case when sent like '20__-__-__T%+00:00' then try_cast(sent as timestamptz) end;
