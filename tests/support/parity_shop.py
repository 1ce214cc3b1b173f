"""Loads that two engines may read differently: a random shop, every odd value in every place, and odd spellings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.support.landing_file import Load
from tests.support.odd_payloads import REFUNDED, SHIPPED, odd_orders, ordinary, with_value
from tests.support.random_shop import random_loads

FIRST = datetime(2026, 11, 2, 6, tzinfo=UTC)
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
    "2026-10-25T02:30:00.5Z",
    "2026-10-24T23:59:59.9999999+00:00",
    "2026-10-24",
    "2026-10-24 10:00",
    "2026-10-24T10:00:00+0200",
    "2026-10-24T10:00:00+02",
    "2026-10-24T10:00:00 Z",
    "32.10.2026 - 10:00",
    "2026-02-30T10:00:00",
    "2020-12-31T23:30:00Z",
)
# Numbers as they stand in JSON.
NUMBERS = ("0E-10", "1.0", "1.50", "1e2", "-0", "123456789012345.67", "0.1e-5", "007", "+3", " 7 ", "1E400", "5e-1")
PLACES: tuple[tuple[Any, ...], ...] = (
    ("amount_paid",),
    ("user_id",),
    ("customer", "id"),
    ("basket", "items", 0, "id"),
    ("basket", "items", 0, "product_code"),
    ("basket", "items", 0, "quantity"),
    ("basket", "items", 0, "gross_price"),
    ("payments", 0, "payment_amount"),
)


def loads() -> list[Load]:
    """Three loads of a shop of ordinary and changed orders, and two of one that is odd."""
    spelled = dict(enumerate(spellings(), 100_001))
    again = [text for number, text in spelled.items() if number % 2] + list(changes(FIRST + timedelta(hours=1)))
    return [
        *random_loads(11, orders=200, loads=3),
        Load([*odd_orders(), *spelled.values(), *changes(FIRST)], FIRST, account="odd"),
        Load([*respellings(), *again], FIRST + timedelta(hours=1), account="odd"),
        Load(
            list(changes(FIRST + timedelta(hours=1, microseconds=1))),
            FIRST + timedelta(hours=1, microseconds=1),
            account="odd",
        ),
    ]


def spellings() -> Iterator[str]:
    """Payloads, ids from 100001 on, that no writer of JSON would write."""
    number = iter(range(100_001, 200_000))
    for sent in TIMES:
        for path in (("time_added",), ("completed_at",), ("payments", 0, "date")):
            yield json.dumps(with_value(ordinary(next(number), DAY), path, sent))
    for sent in NUMBERS:
        for path in PLACES:
            text = json.dumps(with_value(ordinary(next(number), DAY), path, "@number@"))
            yield text.replace('"@number@"', sent)
            yield json.dumps(with_value(ordinary(next(number), DAY), path, sent))
    yield "\ufeff" + json.dumps(ordinary(next(number), DAY))
    yield json.dumps(ordinary(next(number), DAY)).replace("Berlin", "Ber\x07lin")
    yield json.dumps(ordinary(next(number), DAY)).replace("Berlin", "Ber\\ud800lin")
    yield json.dumps(ordinary(next(number), DAY)).replace("Berlin", "\\ud83d\\ude00 \\\\ \\u00e4 \\/")
    yield json.dumps(ordinary(next(number), DAY))[:-1]
    yield json.dumps(ordinary(next(number), DAY))[:-1] + ', "amount_paid": "1.00"}'
    yield json.dumps(ordinary(next(number), DAY)).replace('"city":', '"city": "Bonn", "city":')
    mixed = ordinary(next(number), DAY)
    mixed["basket"]["items"] += [None, 5, "text", [], {"name": "no id"}, {"id": 7, "quantity": {"a": 1}}]
    mixed["payments"] += [[], {}, None, {"payment_amount": [1]}]
    yield json.dumps(mixed)


def respellings() -> Iterator[str]:
    """Orders 1 to 6 of the odd ones as before, written otherwise, and the seventh changed in a member of no table."""
    first = [one for one, _ in zip(odd_orders(), range(7), strict=False)]
    yield json.dumps(first[0], indent=1)
    yield json.dumps(dict(reversed(first[1].items())))
    yield json.dumps(first[2] | {"nothing": None})
    yield json.dumps(first[3]).replace('"10.00"', "10.0")
    yield json.dumps(first[4]).replace("+00:00", "Z")
    yield json.dumps(first[5]).replace("Berlin", "\\u0042erlin")
    yield json.dumps(first[6] | {"note": {"of": "the shop"}})


def changes(at: datetime) -> Iterator[dict[str, Any]]:
    """Orders whose states are read within parts of a second."""
    states = {FIRST: SHIPPED & ~384, FIRST + timedelta(hours=1): SHIPPED & ~128}
    for number in range(200_001, 200_004):
        yield ordinary(number, DAY, state=states.get(at, REFUNDED if number % 2 else SHIPPED))
