"""Loads that two engines may read differently: a random shop, every odd value in every place, and odd spellings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.landing_file import Load
from tests.support.odd_payloads import REFUNDED, SHIPPED, odd_orders, ordinary, with_value
from tests.support.random_shop import random_loads

FIRST = datetime(2026, 11, 2, 6, tzinfo=UTC)
SECOND = FIRST + timedelta(hours=1)
A_MOMENT_LATER = SECOND + timedelta(microseconds=1)
DAY = date(2026, 10, 20)
# Points in time as text; the clocks go back at 3:00 on 25 October 2026 and forward at 2:00 on 29 March.
TIMES = (
    "2026-10-25T02:30:00",  # comes twice
    "2026-10-25 02:59:59.999999",
    "25.10.2026 - 02:30",
    "25.10.2026 - 03:00",
    "2026-03-29T02:30:00",  # does not come
    "29.03.2026 - 02:00",
    "2026-10-25T00:30:00+00:00",
    "2026-10-25T01:30:00+00:00",
    "2026-10-25T02:30:00+02:00",
    "2026-10-25T02:30:00+01:00",
    "2026-10-25T02:30Z",
    "2026-10-25T02:30+00:00",
    "2026-10-25T02:30:00.5Z",
    "2026-10-24T23:59:59.9999999+00:00",
    "2026-10-24",
    "2026-10-24 10:00",
    "2026-10-24T10:00:00+0200",
    "2026-10-24T10:00:00+02",
    "2026-10-24T10:00:00 Z",
    "2026-10-24T10:00:00 +02:00",
    "2026-10-24T10:00:00 +00:00",
    "2026-10-24t10:00:00z",
    "32.10.2026 - 10:00",
    "2026-02-30T10:00:00",
    "2020-12-31T23:30:00Z",
)
# Numbers as they stand in JSON, the last of them in no JSON, and as text.
NUMBERS = ("0E-10", "1.0", "1.50", "1e2", "-0", "123456789012345.67", "5e-1", "007", "+3", " 7 ", "1E400", "1E-7")
NO_NUMBERS = ("1E400", "1E-7")  # see OTHERWISE
PLACES: tuple[tuple[Any, ...], ...] = (
    ("amount_paid",),
    ("user_id",),
    ("customer", "id"),
    ("basket", "items", 0, "id"),
    ("basket", "items", 0, "quantity"),
    ("basket", "items", 0, "gross_price"),
    ("payments", 0, "payment_amount"),
)
CODE = ("basket", "items", 0, "product_code")
HUGE = f": 1{'0' * 40}"
# What the engines read differently, by order, each with the reason for which that is accepted.
OTHERWISE: Mapping[int, tuple[str, str]] = {
    1: (
        json.dumps(with_value(ordinary(1, DAY), CODE, 10**40)),
        "a JSON number that no 64 bits hold, where a text is expected: DuckDB and VARIANT write it in their own ways",
    ),
    2: (
        json.dumps(with_value(ordinary(2, DAY), CODE, "@")).replace('"@"', "1E-7"),
        "a JSON number with an exponent, where a text is expected, likewise",
    ),
    3: (
        json.dumps(with_value(ordinary(3, DAY), ("amount_paid",), "@")).replace('"@"', "1E400"),
        "a JSON number beyond any double is told as it was sent or as Infinity; for both it is no amount",
    ),
    4: (
        json.dumps(ordinary(4, DAY)).replace('"city":', '"city": "Bonn", "city":'),
        "of names that come twice within a part of an order DuckDB takes the first, VARIANT the last",
    ),
    5: (
        json.dumps(with_value(ordinary(5, DAY), ("amount_paid",), "1_000")),
        "an underscore within a number is none to DuckDB and makes it none to Spark",
    ),
    7: (
        json.dumps(with_value(ordinary(7, DAY), CODE, 1.0)),
        "a JSON number with a point, where a text is expected: VARIANT leaves out zeros at its end",
    ),
    6: (
        json.dumps(with_value(ordinary(6, DAY), ("completed_at",), "2026-10-24T24:00:00+00:00")),
        "24 o'clock is midnight of the next day to DuckDB and no time to Spark",
    ),
}
# Findings that only say which part of an order has another shape: VARIANT has null for a text in the place of an
# object, DuckDB an object of nulls. No figure depends on it.
SHAPES = {
    "ops.fct_findings": "check_name = 'parts_of_orders_have_their_shape'",
    "marts.data_quality": "check_name = 'parts_of_orders_have_their_shape'",
}


def loads() -> list[Load]:
    """Loads of a shop of ordinary and changed orders, of one that is odd, and of one with what is read otherwise."""
    odd = [sent for sent in odd_orders() if HUGE not in json.dumps(sent)]
    spelled = list(spellings())
    return [
        *random_loads(11, orders=200, loads=3),
        Load([*odd, *spelled, *changes(FIRST), *customers(FIRST)], FIRST, account="odd"),
        Load([*respellings(odd), *spelled[::2], *changes(SECOND), *customers(SECOND)], SECOND, account="odd"),
        Load(list(changes(A_MOMENT_LATER)), A_MOMENT_LATER, account="odd"),
        Load([text for text, _ in OTHERWISE.values()], SECOND, account="otherwise"),
    ]


def spellings() -> Iterator[str]:
    """Payloads, ids from 100001 on, that no writer of JSON would write."""
    number = iter(range(100_001, 200_000))
    for sent in TIMES:
        for path in (("time_added",), ("completed_at",), ("payments", 0, "date")):
            yield json.dumps(with_value(ordinary(next(number), DAY), path, sent))
    for sent in NUMBERS:
        for path in PLACES:
            text = json.dumps(with_value(ordinary(next(number), DAY), path, "@"))
            if sent not in NO_NUMBERS:
                yield text.replace('"@"', sent)
            yield json.dumps(with_value(ordinary(next(number), DAY), path, sent))
    yield "\ufeff" + json.dumps(ordinary(next(number), DAY))
    yield json.dumps(ordinary(next(number), DAY)).replace("Berlin", "Ber\x07lin")
    yield json.dumps(ordinary(next(number), DAY)).replace("Berlin", "Ber\\ud800lin")
    yield json.dumps(ordinary(next(number), DAY)).replace("Berlin", "\\ud83d\\ude00 \\\\ \\u00e4 \\/")
    yield json.dumps(ordinary(next(number), DAY))[:-1]
    yield json.dumps(ordinary(next(number), DAY))[:-1] + ', "amount_paid": "1.00"}'
    mixed = ordinary(next(number), DAY)
    mixed["basket"]["items"] += [None, 5, "text", [], {"name": "no id"}, {"id": 7, "quantity": {"a": 1}}]
    mixed["payments"] += [[], {}, None, {"payment_amount": [1]}]
    yield json.dumps(mixed)


def respellings(odd: list[dict[str, Any]]) -> Iterator[str]:
    """Six of these orders as before, written otherwise, and a seventh changed in a member of no table."""
    yield json.dumps(odd[0], indent=1)
    yield json.dumps(dict(reversed(odd[1].items())))
    yield json.dumps(odd[2] | {"nothing": None})
    yield json.dumps(odd[3]).replace('"10.00"', "10.0")
    yield json.dumps(odd[4]).replace("+00:00", "Z")
    yield json.dumps(odd[5]).replace("Berlin", "\\u0042erlin")
    yield json.dumps(odd[6] | {"note": {"of": "the shop"}})


def changes(at: datetime) -> Iterator[dict[str, Any]]:
    """Orders whose states change within a microsecond."""
    states = {FIRST: SHIPPED & ~384, SECOND: SHIPPED & ~128}
    for number in range(200_001, 200_004):
        yield ordinary(number, DAY, state=states.get(at, REFUNDED if number % 2 else SHIPPED))


def customers(at: datetime) -> Iterator[dict[str, Any]]:
    """Orders whose customers are anonymised in the second reading: addresses left out, emptied, or kept."""
    for number in range(300_001, 300_005):
        sent = ordinary(number, DAY)
        if at == SECOND:
            known = sent["customer"]
            billing = known["billing_address"]
            sent["customer"] = {
                300_001: {"id": known["id"]},
                300_002: {"id": known["id"], "billing_address": None, "shipping_address": []},
                300_003: {"id": known["id"], "billing_address": {"id": billing["id"]}},
                300_004: known | {"email": None, "first_name": None, "last_name": None},
            }[number]
        yield sent
