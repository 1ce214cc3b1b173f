-- Pure expressions that models share. Arguments are repeated in the text of an expression:
-- give columns, not calls.

-- Reading what the API sent (used in staging only). -----------------------------------------------

-- Text in which nothing stands is null.
create or replace temp macro text_of(sent) as nullif(sent, '');

-- A decimal as text, exponents included, rounded half up to cents; null if it is none or too large.
create or replace temp macro amount_of(sent) as try_cast(sent as decimal(18, 2));

-- Whether an amount was sent that is none, or of which rounding to cents took something away.
create or replace temp macro is_odd_amount(sent, rounded) as
case
    when rounded is null then sent is not null
    when sent like '%.__' then false  -- three times faster
    else coalesce(try_cast(sent as decimal(38, 18)) <> rounded, false)
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
case when try_cast(sent as decimal(6, 3)) >= 0 then try_cast(sent as decimal(6, 3)) end;

-- A point in time: with an offset as it stands; without one, and in the form DD.MM.YYYY - HH:MM of
-- API version 10, in the shop's time zone.
create or replace temp macro moment_of(sent) as
case
    when sent like '%+00:00' then try_cast(sent as timestamptz)
    when regexp_matches(sent, ':\d\d(\.\d+)?\s*([Zz]|[+-]\d\d(:?\d\d)?)$')
        then try_cast(sent as timestamptz)
    when regexp_full_match(sent, '\d\d\.\d\d\.\d{4} - \d\d:\d\d')
        then timezone(getvariable('timezone'), try_strptime(sent, '%d.%m.%Y - %H:%M'))
    when regexp_matches(sent, '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$')
        then timezone(getvariable('timezone'), try_cast(sent as timestamp))
end;

-- Years before 2000 and after 2099 are placeholders.
create or replace temp macro plausible(moment) as
case
    when
        moment >= timestamptz '2000-01-01 00:00:00+00'
        and moment < timestamptz '2100-01-01 00:00:00+00'
        then moment
end;

-- The business date of a point in time. 31 Dec 23:30 UTC is 1 Jan in Berlin; a shop whose day
-- starts at 4 h books 3:59 on the day before.
create or replace temp macro business_date_of(moment) as
cast(
    timezone(getvariable('timezone'), moment) - to_hours(getvariable('day_starts_at')) as date
);

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

-- Settings. --------------------------------------------------------------------------------------

create or replace temp macro currency_of_account() as getvariable('currency');

create or replace temp macro prices_include_discount() as getvariable('prices_include_discount');

-- States. ----------------------------------------------------------------------------------------

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

-- Money. Decimal division gives DOUBLE in DuckDB, so amounts are divided as whole cents. ----------

-- An amount that can be added, subtracted and multiplied: DuckDB fails when + - * of types of up to
-- 18 digits need a 19th.
create or replace temp macro wide(amount) as cast(amount as decimal(38, 2));

create or replace temp macro cents_of(amount) as
case
    when abs(amount) < 100000000000 then cast(amount * 100 as bigint)  -- six times faster
    else cast(wide(amount) * 100 as bigint)
end;

create or replace temp macro amount_of_cents(cents) as
cast(cast(cents as decimal(18, 0)) * 0.01 as decimal(18, 2));

-- cents x numerator / denominator, rounded half up (away from zero), exact in 64 bits as long as
-- cents x numerator / denominator < 2^62 and 2 x denominator x numerator < 2^63.
create or replace temp macro part_of(cents, numerator, denominator) as
case when cents < 0 then -1 else 1 end * (
    (abs(cents) // denominator) * numerator
    + (2 * (abs(cents) % denominator) * numerator + denominator) // (2 * denominator)
);

-- gross / (1 + rate / 100), rounded half up; null without a rate.
create or replace temp macro net_of(gross_amount, tax_rate) as
amount_of_cents(
    part_of(
        cents_of(gross_amount), cast(100000 as bigint), 100000 + cast(tax_rate * 1000 as bigint)
    )
);

-- The share of a percent discount in units of 0.00000001.
create or replace temp macro share_units_of(discount_value) as
cast(discount_value * 100000000 as bigint);

-- Money taken off `amount` by a discount. `cash` is an amount; `percent` (1 = 100 %) is a share of
-- the price before the discount, so with `amount` after it: amount x share / (1 - share).
-- Null: the kind is unknown, the value is no share, or 100 % came off and the price is gone.
create or replace temp macro discount_of(kind, discount_value, amount, is_included) as
case
    when kind = 'cash' and discount_value >= 0 then cast(discount_value as decimal(18, 2))
    when
        kind = 'percent' and is_included
        and discount_value >= 0 and discount_value < 0.999999995 and abs(amount) < 100000000
        then
            amount_of_cents(
                part_of(
                    cents_of(amount),
                    share_units_of(discount_value),
                    100000000 - share_units_of(discount_value)
                )
            )
    when
        kind = 'percent' and not is_included
        and discount_value >= 0 and discount_value <= 1 and abs(amount) < 100000000
        then
            amount_of_cents(
                part_of(
                    cents_of(amount), share_units_of(discount_value), cast(100000000 as bigint)
                )
            )
end;

-- What a line's own discount took off; null: it has one that cannot be told.
create or replace temp macro line_discount_of(
    has_discount, kind, discount_value, published_amount
) as
cast(
    case
        when not has_discount then 0
        else discount_of(kind, discount_value, published_amount, prices_include_discount())
    end as decimal(18, 2)
);

-- A line's share of the discount on its order; null: the discount cannot be told, or the line has
-- no amount to bear a share with. `of_order` is null where nothing is discounted.
create or replace temp macro share_of_discount(of_order, discount_amount, share_amount) as
cast(
    case when of_order is null or discount_amount = 0 then 0 else share_amount end
    as decimal(18, 2)
);

-- What a line costs after all discounts.
create or replace temp macro line_gross_of(published_amount, discount_amount, share_amount) as
case
    when prices_include_discount() then published_amount
    else
        try_cast(
            wide(published_amount)
            - coalesce(wide(discount_amount), 0)
            - coalesce(wide(share_amount), 0)
            as decimal(18, 2)
        )
end;

-- What is due, what the payments add up to and what the API calls paid. Agreeing means within 0.05.
create or replace temp macro agree(one_amount, other_amount) as
abs(wide(one_amount) - wide(other_amount)) <= 0.05;

create or replace temp macro balance_class_of(due_amount, payments_amount, amount_paid) as
case
    when due_amount = payments_amount and payments_amount = amount_paid then 'exact'
    when
        agree(due_amount, payments_amount)
        and agree(payments_amount, amount_paid)
        and agree(due_amount, amount_paid)
        then 'rounding'
    when
        payments_amount < due_amount and not agree(payments_amount, due_amount)
        and (agree(amount_paid, payments_amount) or agree(amount_paid, due_amount))
        then 'unpaid'
    when
        payments_amount > due_amount and not agree(payments_amount, due_amount)
        and agree(amount_paid, due_amount)
        then 'overpaid'
    else 'unexplained'
end;

-- Figures of reports. ----------------------------------------------------------------------------

-- The hour on the shop's clock, 0 to 23. When the clocks go back, both hours are 2.
create or replace temp macro shop_hour_of(moment) as
cast(extract(hour from timezone(getvariable('timezone'), moment)) as integer);

-- Monday is 1.
create or replace temp macro weekday_of(day) as
cast(date_diff('day', date '1970-01-05', day) % 7 + 1 as integer);

-- The first day of the month of a day.
create or replace temp macro month_of(day) as make_date(year(day), month(day), 1);

-- An amount per piece, rounded half up to cents; null without pieces.
create or replace temp macro average_of(amount, pieces) as
amount_of_cents(part_of(cents_of(amount), cast(1 as bigint), nullif(cast(pieces as bigint), 0)));

-- part / whole of two whole numbers (counts, cents) to six places; null without a whole, and beyond
-- 4 * 10^12, where 64 bits end.
create or replace temp macro ratio_of(part, whole) as
case
    when whole > 0 and whole < 4000000000000 and abs(part) < 4000000000000
        then
            cast(
                cast(
                    part_of(cast(part as bigint), cast(1000000 as bigint), cast(whole as bigint))
                    as decimal(18, 0)
                ) * 0.000001 as decimal(18, 6)
            )
end;
