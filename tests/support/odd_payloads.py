"""Orders as no till rings them up, but as JSON can bring them: each member with each odd value."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tests.support.warehouse import item, order

MISSING = object()
FIRST_DAY = date(2026, 8, 1)
LARGEST = "9999999999999999.99"
CHANNELS = ("ipad", "shop", "ebay")
SALE, SHIPPED, REFUNDED, CANCELED = 360, 488, 872, 364

# as JSON brings them; numbers also as text, since the API sends both
VALUES: tuple[Any, ...] = (
    MISSING,
    None,
    "",
    " ",
    "odd",
    "unknown",
    "none",
    "missing",
    True,
    -1,
    "-1",
    0,
    "0.00",
    "-0.01",
    "0.005",
    1.5,
    100,
    "100.000",
    "-100.000",
    "999.999",
    "1E+2",
    "1E-30",
    "NaN",
    "1E+300",
    "1.2345678901234568e16",
    "1.5e9",
    1.2345678901234568e16,
    1e17,
    -1.5e300,
    2**31 - 1,
    2**31,
    2**62,
    2**63 - 1,
    -(2**63),
    2**63,
    10**40,
    LARGEST,
    "-" + LARGEST,
    "92233720368547758.07",
    "999999999.999",
    "-999999999.999",
    "percent",
    "cash",
    "1969-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00+00:00",
    "1999-12-31T22:59:59Z",
    "2099-12-31T23:59:59Z",
    "9999-12-31T23:59:59+14:00",
    "2026-10-25T02:30:00",
    "X",
    "X5",
    "X05",
    "X7",
    "X999999999999999999",
    "9" * 30,
    "ä\x00\u2028\r\n'\"\\",
    [],
    {},
    [None],
    [[]],
    {"id": None},
    {"id": -1},
)

PATHS: tuple[tuple[Any, ...], ...] = (
    ("state",),
    ("channel",),
    ("time_added",),
    ("completed_at",),
    ("user_id",),
    ("amount_paid",),
    ("customer",),
    ("customer", "id"),
    ("customer", "first_name"),
    ("customer", "channel"),
    ("customer", "billing_address"),
    ("customer", "billing_address", "id"),
    ("customer", "shipping_address"),
    ("customer", "shipping_address", 0),
    ("customer", "shipping_address", 0, "id"),
    ("basket",),
    ("basket", "invoice_number"),
    ("basket", "receipt"),
    ("basket", "discount"),
    ("basket", "discount", "type"),
    ("basket", "discount", "amount"),
    ("basket", "items"),
    ("basket", "items", 0),
    *(
        ("basket", "items", 0, name)
        for name in (
            "id",
            "name",
            "product",
            "product_code",
            "price",
            "quantity",
            "original_quantity",
            "tax_rate",
            "unit_gross_price",
            "gross_price",
            "discount",
        )
    ),
    ("basket", "items", 0, "discount", "type"),
    ("basket", "items", 0, "discount", "amount"),
    ("payments",),
    ("payments", 0),
    *(("payments", 0, name) for name in ("id", "payment_method", "payment_amount", "date", "transaction_id")),
    ("shipment",),
    *(("shipment", name) for name in ("id", "name", "cost", "tracking_number", "service")),
    *(("shipment", "service", name) for name in ("id", "name", "time_min", "time_max")),
)


def ordinary(order_id: int, day: date, *, channel: str = "ipad", state: int = SALE) -> dict[str, Any]:
    """An order with two lines, two payments, a customer, a discount, a shipment and a receipt number."""
    address = {"id": 1000 + order_id, "city": "Berlin", "zipcode": "10405", "country": "DE"}
    lines = [
        item("10.00", product=501 + order_id % 3) | {"discount": {"type": "percent", "amount": "0.1"}},
        item("5.00", product=503, rate="7.000", quantity="2.00", unit_gross_price="2.50"),
    ]
    sent = order(
        order_id,
        f"{day}T10:00:00+00:00",
        lines,
        channel=channel,
        state=state,
        customer=490 + order_id // 2,
        payments=[("0", "9.00"), ("6", "5.90")],
        number=f"R{order_id}",
        shipping="4.90",
        discount={"type": "cash", "amount": "5.00"},
    )
    sent["customer"] |= {
        "channel": 1,
        "billing_address": address,
        "shipping_address": [address | {"id": 50000 + order_id}],
    }
    return sent


def with_value(sent: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy of the order with one member set, or left out."""
    changed = copy.deepcopy(sent)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    if value is not MISSING:
        place[path[-1]] = value
    elif isinstance(place, list):
        del place[path[-1]]
    else:
        place.pop(path[-1], None)
    return changed


def odd_orders(version: int = 0) -> Iterator[dict[str, Any]]:
    """An order for each member and value; those of one value lie on one day, so that sums do not hide each other.

    A later version of the same orders has other values, other states and other channels.
    """
    for which, path in enumerate(PATHS):
        for value_number in range(len(VALUES)):
            number = which * len(VALUES) + value_number
            value = VALUES[(value_number + 7 * version) % len(VALUES)]
            states = (SALE, SALE, SHIPPED, REFUNDED, CANCELED)
            sent = ordinary(
                number + 1,
                FIRST_DAY + timedelta(days=value_number + version % 2),
                channel=CHANNELS[(which + version) % len(CHANNELS)],
                state=states[(which + value_number + version) % len(states)],
            )
            yield with_value(sent, path, value)
