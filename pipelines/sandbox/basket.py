"""Baskets: lines, their discounts, and what there is to pay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pipelines.sandbox.amounts import Amount, cents, per_mille_percent, quantity_places, rounded
from pipelines.sandbox.payload import Discount, Line
from pipelines.sandbox.products import Products

Item = tuple[str, Amount, Amount] | tuple[str, Amount, Amount, Amount] | Line
"""(name, gross price per unit, quantity[, tax rate in percent, default 19]), or a line."""

Reduction = Discount | tuple[str, str]
"""("percent", "0.1") is 10 % off, ("cash", "5.00") is EUR 5 off."""


def lines_of(items: Iterable[Item], products: Products) -> list[Line]:
    """The lines of a basket; products that the shop does not know are added to it."""
    lines = []
    for item in items:
        if isinstance(item, Line):
            lines.append(item)
            continue
        name, price, quantity = item[:3]
        rate = per_mille_percent(item[3]) if len(item) == 4 else 19_000
        product = products.named(name, cents(price), rate)
        number = quantity_places(quantity)[0]
        lines.append(Line(name, cents(price), number, rate, product.id, product.code))
    return lines


def reduced(lines: list[Line], discount: Discount | None) -> list[Line]:
    """The lines with every discount spread into the unit prices, rounded to cents."""
    own = [
        replace(line, unit_gross=_without(line.unit_gross, line.gross, line.discount.off(line.gross)))
        if line.discount
        else line
        for line in lines
    ]
    if discount is None:
        return own
    total = sum(line.gross for line in own)
    off = discount.off(total)
    return [replace(line, unit_gross=_without(line.unit_gross, total, off)) for line in own]


def to_pay(lines: list[Line], discount: Discount | None) -> int:
    """What full-price lines cost after their discounts and the basket's, in cents."""
    total = sum(line.gross - (line.discount.off(line.gross) if line.discount else 0) for line in lines)
    return total - (discount.off(total) if discount else 0)


def amount_due(order: dict[str, Any], *, in_prices: bool) -> int:
    """What an order's JSON object says is to pay, in cents: lines and shipping less discounts."""
    basket, total = order["basket"], 0
    for item in basket["items"]:
        gross = cents(item["gross_price"])
        total += gross if in_prices else gross - _off(item["discount"], gross)
    total -= 0 if in_prices else _off(basket["discount"], total)
    return total + (cents(order["shipment"]["cost"]) if order["shipment"] else 0)


def _off(discount: dict[str, Any] | None, gross: int) -> int:
    return Discount(discount["type"], discount["amount"]).off(gross) if discount else 0


def _without(unit_gross: int, total: int, off: int) -> int:
    return rounded(unit_gross * (total - off), total) if total else unit_gross
