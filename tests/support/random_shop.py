"""A shop whose orders take every turn that matters to the figures: a seed gives its loads, oldest first.

Times lie around both clock changes, New Year's Eve and the VAT change of 2020; later loads cancel, refund in
whole or in part, take a refund back, pay, correct lines and bring unchanged orders again.
"""

from __future__ import annotations

import copy
import random
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.support.landing_file import Load

CENT = Decimal("0.01")
CHANNELS = ("ipad", "ipad", "ipad", "shop", "ebay", "click_and_collect")
METHODS = ("0", "0", "1", "2", "4", "6", "17")
MOMENTS = (
    "2020-06-30T21:30:00",  # 23:30 in Berlin, the last half hour of 19 %
    "2020-06-30T22:30:00",  # 00:30 in Berlin, the first half hour of 16 %
    "2020-12-31T22:59:59",
    "2020-12-31T23:00:00",
    "2025-03-30T00:30:00",  # 01:30, half an hour before the clocks go forward
    "2025-03-30T01:30:00",  # 03:30
    "2025-10-26T00:30:00",  # 02:30, the first of two
    "2025-10-26T01:30:00",  # 02:30, the second of two
    "2025-10-26T22:30:00",  # 23:30, the day has 25 hours
    "2025-12-31T22:30:00",
    "2025-12-31T23:30:00",  # already 2026 in Berlin
    "2026-02-28T12:00:00",
    "2026-10-31T09:00:00",
)
OFFSETS = (timedelta(0), timedelta(hours=1), timedelta(hours=2), timedelta(hours=-5))
DRAFT, PENDING, CANCELED, CLOSED, REFUNDED, SHIPPED, DELIVERED, TEST_PRINT, PAID, READ = (1 << bit for bit in range(10))
STATES = (
    *(360,) * 12,
    PAID,
    CLOSED,
    PENDING,
    PENDING | PAID,
    READ | 360,
    DRAFT,
    CANCELED | PAID,
    TEST_PRINT | PAID,
    REFUNDED | 360,
    REFUNDED | CANCELED | PAID,
    0,
)
FIRST_LOAD = datetime(2026, 11, 1, 6, tzinfo=UTC)


def random_loads(seed: int, orders: int = 150, loads: int = 5) -> list[Load]:
    """Loads of one account: the first brings most orders, the others new, changed and unchanged ones."""
    dice = random.Random(seed)
    shop: dict[int, dict[str, Any]] = {}
    result = []
    moment = FIRST_LOAD
    for number in range(loads):
        new = orders - orders // 3 if number == 0 else max(1, orders // (3 * (loads - 1)))
        known = list(shop)
        created = [_order(dice, 1000 + len(shop) + offset) for offset in range(new)]
        shop |= {order["id"]: order for order in created}
        touched = [_change(dice, shop[order]) for order in dice.sample(known, len(known) // 6)]
        again = [shop[order] for order in dice.sample(known, len(known) // 8)]
        read = [copy.deepcopy(order) for order in (*created, *touched, *again)]
        dice.shuffle(read)
        moment += timedelta(days=dice.choice((0, 1, 3)), hours=1, minutes=dice.randrange(40))
        result.append(Load(read, watermark=moment, source=dice.choice(("delta", "delta", "orders"))))
    return result


def _order(dice: random.Random, order_id: int) -> dict[str, Any]:
    added = datetime.fromisoformat(dice.choice(MOMENTS)).replace(tzinfo=UTC) + timedelta(
        seconds=dice.choice((0, 0, 1, 59, 1800, 7200))
    )
    completed = added + timedelta(seconds=dice.choice((0, 4, 300, 86_400)))
    items = [_item(dice, order_id * 10 + line) for line in range(dice.choice((1, 1, 2, 2, 3, 5)))]
    shipment = _shipment(dice, order_id) if dice.random() < 0.25 else None
    total = sum((Decimal(item["gross_price"]) for item in items), Decimal(0))
    total += Decimal(shipment["cost"]) if shipment else Decimal(0)
    payments = _payments(dice, order_id, total, completed)
    return {
        "id": order_id,
        "basket": {
            "note_internal": None,
            "note_external": None,
            "items": items,
            "discount": _discount(dice) if dice.random() < 0.15 else None,
            "receipt": None,
            "invoice_number": dice.choice(("", f"R-{order_id}", str(order_id))),
        },
        "state": dice.choice(STATES),
        "customer": _customer(dice) if dice.random() < 0.4 else None,
        "amount_paid": f"{total:.10f}",
        "payments": payments,
        "shipment": shipment,
        "channel": dice.choice(CHANNELS),
        "time_added": _text(dice, added),
        "completed_at": None if dice.random() < 0.1 else _text(dice, completed),
        "delta_state": "created",
        "user_id": dice.choice((1959, 1960)),
    }


def _item(dice: random.Random, item_id: int) -> dict[str, Any]:
    rate = Decimal(dice.choice(("19.000", "19.000", "7.000", "0.000", "16.000", "5.000")))
    price = Decimal(dice.randrange(1, 2_000_000)) / 10_000
    unit = (price * (1 + rate / 100)).quantize(CENT, ROUND_HALF_UP)
    quantity = Decimal(dice.choice(("1", "1", "1", "2", "5", "10", "0.5", "1.25")))
    line = unit * quantity
    product = dice.choice((*range(501, 512), None))
    whole = quantity == quantity.to_integral_value() and dice.random() < 0.7
    return {
        "id": item_id,
        "name": f"Article {product}" if product else "Various",
        "discount": _discount(dice) if dice.random() < 0.15 else None,
        "original_quantity": f"{quantity:.2f}",
        "price": f"{price:.10f}",
        "product": product,
        "quantity": int(quantity) if whole else f"{quantity:.2f}",
        "tax_rate": f"{rate:.3f}",
        "gross_price": f"{line.quantize(CENT, ROUND_HALF_UP) if dice.random() < 0.9 else line}",
        "unit_gross_price": f"{unit:.2f}",
        "product_code": dice.choice((None, f"C{product}")),
    }


def _discount(dice: random.Random) -> dict[str, Any]:
    kind = dice.choice(("percent", "cash"))
    amount = dice.choice(("0.05", "0.1", "0.3333")) if kind == "percent" else dice.choice(("0.50", "1.00", "0.07"))
    return {"type": kind, "amount": amount, "reason": 0}


def _shipment(dice: random.Random, order_id: int) -> dict[str, Any]:
    return {
        "id": order_id,
        "name": "DHL",
        "tracking_number": None,
        "cost": dice.choice(("0E-10", "4.9", "5.0000000000", "1.290E+1")),
        "external_key": None,
        "service": {"id": 7, "name": "DHL Paket", "time_min": 86400, "time_max": 172_800},
    }


def _payments(dice: random.Random, order_id: int, total: Decimal, at: datetime) -> list[dict[str, Any]]:
    total = total.quantize(CENT, ROUND_HALF_UP)
    parts = dice.choice((0, 1, 1, 1, 1, 2, 2, 3))
    first = (total / 3).quantize(CENT, ROUND_HALF_UP)
    amounts = {0: [], 1: [total], 2: [first, total - first], 3: [first, first, total - 2 * first]}[parts]
    return [
        {
            "id": order_id * 10 + number,
            "payment_method": dice.choice(METHODS),
            "payment_amount": f"{amount:.10f}",
            "date": _text(dice, at + timedelta(seconds=dice.choice((4, 4, 90_000)))),
            "transaction_id": None,
            "transaction_duration": None,
            "paypal_invoice_id": None,
            "paypal_tab_id": None,
            "external_payment_method": None,
        }
        for number, amount in enumerate(amounts)
    ]


def _customer(dice: random.Random) -> dict[str, Any]:
    customer = dice.choice((301, 302, 303, 304, 305, 306))
    return {
        "id": customer,
        "channel": None,
        "email": f"customer{customer}@example.com",
        "title": "Ms.",
        "first_name": "Kim",
        "middle_name": None,
        "last_name": f"Nr. {customer}",
        "billing_address": None,
        "shipping_address": [],
    }


def _change(dice: random.Random, order: dict[str, Any]) -> dict[str, Any]:
    turn = dice.choice(
        ("cancel", "refund", "return", "unrefund", "pay", "correct", "revive", "drop", "method", "complete")
    )
    if turn == "cancel":
        order["state"] |= CANCELED
    elif turn == "refund":
        order["state"] |= REFUNDED
    elif turn == "return":
        order["state"] |= REFUNDED
        line = order["basket"]["items"][-1]
        left = Decimal(line["original_quantity"]) // 2
        line["quantity"] = f"{left:.2f}"
        if dice.random() < 0.5:  # the price of what is left
            line["gross_price"] = str(Decimal(line["unit_gross_price"]) * left)
    elif turn == "unrefund":
        order["state"] &= ~REFUNDED
    elif turn == "pay":
        order["state"] = order["state"] & ~PENDING & ~DRAFT | PAID
    elif turn == "revive":
        order["state"] &= ~CANCELED & ~TEST_PRINT
    elif turn == "correct":
        order["basket"]["items"][0] |= {"quantity": 3, "gross_price": "29.97", "unit_gross_price": "9.99"}
    elif turn == "drop" and len(order["basket"]["items"]) > 1:
        order["basket"]["items"].pop()
    elif turn == "method" and order["payments"]:
        order["payments"][0]["payment_method"] = "6"
    elif turn == "complete":
        order["completed_at"] = "2026-10-31T23:10:00+00:00"  # 00:10 on the day after the clocks, in Berlin
    return order


def _text(dice: random.Random, moment: datetime) -> str:
    local = moment.astimezone(timezone(dice.choice(OFFSETS)))
    text = local.isoformat(timespec=dice.choice(("seconds", "milliseconds")))
    return text.replace("+00:00", "Z") if dice.random() < 0.2 else text
