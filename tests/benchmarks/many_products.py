"""A shop whose keys are many: products and customers by the ten thousand, in ten weeks, in all states.

What the sandbox's shop never shows: tables that are as long as their keys are many, where a join that forgets a part
of its key costs minutes. Times, states, products and customers come in no order, so that no two seeds bring the rows
in the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from pipelines.sandbox.amounts import net_price, rate_text, rounded, two_places
from pipelines.sandbox.payload import (
    CANCELED,
    COMPLETED,
    DELIVERED,
    DRAFT,
    PAID,
    PARCEL,
    PENDING,
    READ,
    REFUNDED,
    SHIPPED,
    TEST_PRINT,
    Discount,
    item_text,
    order_text,
    payment_text,
    quoted,
    shipment_text,
)

PRODUCTS = 20_000
CUSTOMERS = 50_000
DAYS = 70
LINES = (1, 2, 3, 3, 4, 4, 5, 6)  # 3.5 in the mean
EVERY_TENTH = 10  # line is discounted
RATES = (19_000, 19_000, 7_000)
CHANNELS = ("ipad",) * 6 + ("shop", "shop", "click_and_collect", "ebay")
STATES = (
    *(COMPLETED,) * 12,
    COMPLETED | READ,
    PAID,
    PAID | SHIPPED,
    PAID | SHIPPED | DELIVERED,
    PENDING,
    DRAFT,
    0,
    CANCELED,
    CANCELED | PAID,
    REFUNDED | COMPLETED,
    REFUNDED | CANCELED | PAID,
    TEST_PRINT | PAID,
)
METHODS = ("0", "0", "1", "2", "6")
HALF_OFF = Discount("percent", "0.5")


@dataclass(frozen=True)
class Made:
    """One order as it is sent, and what is told about it beside."""

    key: int
    channel: str
    state: int
    completed: datetime
    payload: str


def many_products(
    orders: int, *, end: datetime, seed: int = 1, products: int = PRODUCTS, customers: int = CUSTOMERS
) -> Iterator[Made]:
    """So many orders, by id, their times anywhere in the ten weeks before `end`."""
    dice = Random(seed)
    lines = 0
    for number in range(orders):
        key = 1_000_000 + 20 * number
        count = dice.choice(LINES)
        yield _order(dice, key, count, lines, end - timedelta(days=DAYS * dice.random()), products, customers)
        lines += count


def _order(
    dice: Random, key: int, count: int, lines_before: int, completed: datetime, products: int, customers: int
) -> Made:
    channel, state = dice.choice(CHANNELS), dice.choice(STATES)
    lines = [
        _line(dice, key + place, 1 + dice.randrange(products), is_discounted=(lines_before + place) % EVERY_TENTH == 0)
        for place in range(count)
    ]
    is_sent = channel != "ipad"
    total = sum(gross for gross, _ in lines) + (PARCEL.cost if is_sent else 0)
    at = completed.isoformat(timespec="milliseconds")
    payload = order_text(
        key,
        items=",".join(text for _, text in lines),
        state=state,
        channel=channel,
        amount_paid=total if state & PAID else 0,
        payments=payment_text(key, dice.choice(METHODS), total, at) if state & PAID else "",
        added=at,
        completed=None if state & (DRAFT | PENDING) else at,
        user=1959 + dice.randrange(8),
        customer=_customer(1 + dice.randrange(customers)) if is_sent or dice.random() < 0.4 else "null",
        invoice=str(key) if state & PAID and not is_sent else "",
        shipment=shipment_text(key, PARCEL, PARCEL.cost, None) if is_sent else "null",
    )
    return Made(key, channel, state, completed, payload)


def _line(dice: Random, item: int, product: int, *, is_discounted: bool) -> tuple[int, str]:
    """A line's gross amount in cents, and its text; a product has one price."""
    rate, quantity = RATES[product % len(RATES)], dice.choice((1, 1, 1, 2, 3))
    unit = 99 + product * 37 % 20_000
    gross = unit * quantity
    if is_discounted:
        gross = rounded(gross, 2)
        unit = rounded(unit, 2)
    text = item_text(
        item,
        quoted(f"Artikel {product}"),
        HALF_OFF.text(item) if is_discounted else "null",
        f"{quantity}.00",
        net_price(unit, rate),
        product,
        str(quantity),
        rate_text(rate),
        two_places(gross),
        two_places(unit),
        quoted(f"A{product}"),
    )
    return gross, text


def _customer(customer: int) -> str:
    address = (
        f'{{"id":{customer},"company":null,"first_name":"Kim","last_name":"Nr. {customer}",'
        f'"street":"Gamsweg {customer % 90}","zipcode":"83209","city":"Prien","country":"DE"}}'
    )
    return (
        f'{{"id":{customer},"channel":1,"email":"kim{customer}@example.com","title":null,"first_name":"Kim",'
        f'"middle_name":null,"last_name":"Nr. {customer}","billing_address":{address},"shipping_address":[]}}'
    )
