"""What happens in a shop; prices, products, people and days are few, so that coincidences are the rule."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pipelines.sandbox.clock import microseconds, moment, wire_time
from pipelines.sandbox.payload import CANCELED, CLOSED, PAID, REFUNDED, TEST_PRINT
from pipelines.sandbox.shop import Shop
from tests.lives.life import Life

PRICES = ("1.00", "3.33", "10.00", "0.00")
PRODUCTS = ("Wobbler", "Blinker", "Köder")
RATES = ("19", "7")
PEOPLE = (None, "Kim Anders", "Kim Berg")
EXTRAS: tuple[dict[str, Any], ...] = (
    {},
    {"discount": ("percent", "0.1")},
    {"discount": ("cash", "1.00")},
    {"shipping": "4.90"},
)
METHODS = ("0", "1", "6")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class RingUp:
    """A sale, or an order that is not paid yet; its lines are of one product after the other."""

    channel: int = 0
    price: int = 0
    product: int = 0
    person: int = 0
    lines: int = 1
    quantity: int = 1
    paid: bool = True
    extra: int = 0

    def happen(self, life: Life) -> None:
        numbers = [(self.product + line) % len(PRODUCTS) for line in range(self.lines)]
        life.shop.sell(
            life.channels[self.channel % len(life.channels)],
            [(PRODUCTS[number], PRICES[self.price], self.quantity, RATES[number % len(RATES)]) for number in numbers],
            customer=PEOPLE[self.person],
            paid=self.paid,
            **EXTRAS[self.extra],
        )


@dataclass(frozen=True)
class Burst:
    """Sales and changes of older orders in the same moment."""

    size: int = 3

    def happen(self, life: Life) -> None:
        for number in range(self.size):
            RingUp(channel=number, price=number % len(PRICES)).happen(life)
            Befall("edited", number).happen(life)


@dataclass(frozen=True)
class SoldTogether:
    """The same two products in several baskets."""

    baskets: int = 3
    product: int = 0

    def happen(self, life: Life) -> None:
        for channel in range(self.baskets):
            RingUp(channel=channel, product=self.product, lines=2).happen(life)


@dataclass(frozen=True)
class TimePasses:
    """The server's clock goes on."""

    minutes: int = 60

    def happen(self, life: Life) -> None:
        life.shop.clock.advance(timedelta(minutes=self.minutes))


@dataclass(frozen=True)
class Befall:
    """Something befalls an order: the `which`-th of those that there are; see WHAT.

    Attributes:
        other: Which other order, price or day, where one is needed.
    """

    what: str
    which: int = 0
    other: int = 0

    def happen(self, life: Life) -> None:
        shop = life.shop
        ids = sorted(key for key, order in shop.orders.items() if not order.planted)
        if self.what == "comes back" or not ids:
            _come_back(life, self.which)
            return
        order, other = ids[self.which % len(ids)], ids[self.other % len(ids)]
        ORDER[self.what](life, order, self.other) if self.what in ORDER else PAIRS[self.what](shop, order, other)


Change = Callable[[dict[str, Any]], None]


def _edited(life: Life, order: int, other: int) -> None:
    def change(record: dict[str, Any]) -> None:
        price = PRICES[other % len(PRICES)]
        items = record["basket"]["items"]
        if other % 2 and len(items) > 1:
            items.pop()
        for item in items[:1]:
            item["unit_gross_price"] = price
            item["gross_price"] = str(Decimal(price) * item["quantity"])
            net = Decimal(price) / (1 + Decimal(item["tax_rate"]) / 100)
            item["price"] = str(net.quantize(Decimal("1E-10")))

    life.shop.edit(order, change)


def _split_payments(life: Life, order: int, other: int) -> None:
    """The first payment becomes two to four, of one or several methods, the last one of what is left."""

    def change(record: dict[str, Any]) -> None:
        payments = record["payments"]
        if not payments:
            return
        first, parts = payments[0], 2 + other % 3
        whole = Decimal(first["payment_amount"])
        part = (whole / parts).quantize(CENT)
        last = payments[-1]["id"]
        first["payment_amount"] = f"{part:.10f}"
        for number in range(1, parts):
            payments.append(
                first
                | {
                    "id": last + 1_000 * number,
                    "payment_method": METHODS[(other + number * (other % 2)) % len(METHODS)],
                    "payment_amount": f"{part if number < parts - 1 else whole - part * (parts - 1):.10f}",
                }
            )

    life.shop.edit(order, change)


def _one_comes_back(life: Life, order: int, other: int) -> None:
    """One piece of the first line comes back, and the order is refunded; the line's price is lowered or stays."""
    life.odd = True  # which part of a sale a refund leaves is not recomputed

    def change(record: dict[str, Any]) -> None:
        for item in record["basket"]["items"][:1]:
            item["quantity"] = max(item["quantity"] - 1, 0)
            if other % 2:
                item["gross_price"] = str(Decimal(item["unit_gross_price"]) * item["quantity"])
        record["state"] |= REFUNDED

    life.shop.edit(order, change)


def _line_added(life: Life, order: int, other: int) -> None:
    def change(record: dict[str, Any]) -> None:
        items = record["basket"]["items"]
        items.extend([items[0] | {"id": items[-1]["id"] + 1_000}] if items else [])

    life.shop.edit(order, change)


def _receipt(life: Life, order: int, other: int) -> None:
    """Another receipt number, or none."""
    number = life.shop.next_invoice(life.shop.orders[order].channel) if other % 2 else ""
    life.shop.edit(order, lambda record: record["basket"].update(invoice_number=number))


def _move_day(life: Life, order: int, other: int) -> None:
    def change(record: dict[str, Any]) -> None:
        at = moment(record["completed_at"]) - timedelta(days=other % 3, hours=other % 5)
        record["completed_at"] = wire_time(microseconds(at) // 1_000_000)

    life.shop.edit(order, change)


def _move_channel(life: Life, order: int, other: int) -> None:
    _set_channel(life.shop, order, life.channels[other % len(life.channels)])


def _set_channel(shop: Shop, order: int, channel: str) -> None:
    shop.edit(order, lambda record: record.update(channel=channel))
    shop.add(replace(shop.orders[order], channel=channel))


def _reuse_receipt(shop: Shop, order: int, other: int) -> None:
    number = json.loads(shop.payload(other))["basket"]["invoice_number"]
    shop.edit(order, lambda record: record["basket"].update(invoice_number=number))


def _swap(shop: Shop, order: int, other: int) -> None:
    """Both orders swap their baskets, payments and channels."""
    one, two = json.loads(shop.payload(order)), json.loads(shop.payload(other))
    channels = shop.orders[order].channel, shop.orders[other].channel

    def take(source: dict[str, Any]) -> Change:
        return lambda record: record.update({name: source[name] for name in ("basket", "payments", "amount_paid")})

    shop.edit(order, take(two))
    shop.edit(other, take(one))
    _set_channel(shop, order, channels[1])
    _set_channel(shop, other, channels[0])


def _ring_up_again(life: Life, order: int, _: int) -> None:
    """Canceled, and the same rung up again."""
    record = json.loads(life.shop.payload(order))
    life.shop.set_bits(order, CANCELED)
    items = [
        (i["name"], i["unit_gross_price"], i["quantity"], i["tax_rate"].split(".")[0])
        for i in record["basket"]["items"]
    ]
    life.shop.sell(life.shop.orders[order].channel, items)


def _vanish(life: Life, order: int, _: int) -> None:
    life.vanished[order] = life.shop.orders[order]
    life.shop.remove(order)


def _come_back(life: Life, which: int) -> None:
    ids = sorted(life.vanished)
    if ids:
        order = life.vanished.pop(ids[which % len(ids)])
        life.shop.add(replace(order, modified=microseconds(life.shop.clock.now())))


def _set(bits: int = 0, clear: int = 0) -> Callable[[Life, int, int], None]:
    return lambda life, order, _: life.shop.set_bits(order, bits, clear=clear)


ORDER: dict[str, Callable[[Life, int, int], None]] = {
    "paid": lambda life, order, _: life.shop.pay(order),
    "shipped": lambda life, order, _: life.shop.ship(order),
    "delivered": lambda life, order, _: life.shop.deliver(order),
    "refunded": _set(REFUNDED),
    "refund taken back": _set(clear=REFUNDED),
    "canceled": lambda life, order, _: life.shop.cancel(order),
    "cancellation taken back": _set(clear=CANCELED),
    "rung up again": _ring_up_again,
    "edited": _edited,
    "a line added": _line_added,
    "one piece back": _one_comes_back,
    "another receipt number": _receipt,
    "marked as a test": _set(TEST_PRINT),
    "no test": _set(clear=TEST_PRINT),
    "payment taken back": _set(clear=PAID | CLOSED),
    "payments split": _split_payments,
    "moved to another day": _move_day,
    "moved to another channel": _move_channel,
    "touched": lambda life, order, _: life.shop.touch(order),
    "vanishes": _vanish,
}
PAIRS: dict[str, Callable[[Shop, int, int], None]] = {
    "swapped": _swap,
    "given another's receipt number": _reuse_receipt,
}
WHAT = (*ORDER, *PAIRS, "comes back")
