-- sqlfluff:dialect:sparksql
-- What the API sent, read on Spark.

create or replace temporary function readable_json (payload string)
returns string return
replace(
    replace(
        regexp_replace(
            regexp_replace(
                replace(
                    regexp_replace(regexp_replace(payload, r'^\x{FEFF}+', ''), r'[\x00-\x1f]', ' '),
                    r'\\',
                    char(1)
                ),
                r'\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})',
                concat(char(2), '$1', char(2), '$2')
            ),
            r'\\u[dD][89a-fA-F][0-9a-fA-F]{2}',
            r'\\ufffd'
        ),
        char(2),
        r'\u'
    ),
    char(1),
    r'\\'
);

-- VARIANT sorts names and takes the last of those that come twice
-- (spark.sql.variant.allowDuplicateKeys). A name stands behind a brace or a comma.
create or replace temporary function names_once (payload string)
returns string return
regexp_replace(
    regexp_replace(
        to_json(try_parse_json(payload)),
        r'(?<=[{,])"(?:[^"\\]|\\.)*+":null,',
        ''
    ),
    r'(?:,|(?<=\{))"(?:[^"\\]|\\.)*+":null(?=\})',
    ''
);

create or replace temporary function names_come_once (payload string)
returns boolean return
size(regexp_extract_all(payload, r'"\s*:', 0))
= size(regexp_extract_all(to_json(try_parse_json(payload)), '":', 0));

create or replace temporary function instant_of (sent string)
returns string return
case
    when sent rlike r':\d\d(\.\d+)?\s*([Zz]|[+-]\d\d(:?\d\d)?)$'
        then coalesce(cast(unix_micros(instant_with_offset(sent)) as string), sent)
    else sent
end;

create or replace temporary function wording_of (once string)
returns string return
regexp_replace(
    regexp_replace(
        regexp_replace(
            to_json(
                map_filter(
                    from_json(once, 'map<string, variant>'),
                    (name, part) -> not name in ('delta_state', 'user_id', 'available_refund_types')
                )
            ),
            concat(
                r'"(price|gross_price|unit_gross_price|quantity|original_quantity|tax_rate|amount',
                r'|amount_paid|payment_amount|cost)":"?-?[0-9][0-9.eE+-]*"?([,}])'
            ),
            '"$1":0$2'
        ),
        r'"(time_added|completed_at|date)":"[^"\\]*"',
        '"$1":0'
    ),
    r'([^\\]":-?[0-9]+)\.0([,}])',
    '$1$2'
);

-- Numbers keep their digits here, however they are read.
create or replace temporary function is_otherwise (fact string, sent string)
returns boolean return fact is distinct from coalesce(sent, fact);
