"""What an order sells and what of it came back, line by line, recomputed from its JSON.

Written from DESIGN 5.2 (VAT, refunds, discounts), not from the SQL; money in Decimal, prices include discounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor
from typing import Any

CENT, ZERO = Decimal("0.01"), Decimal("0.00")
REFUNDED = 16


@dataclass(frozen=True)
class Line:
    """A line of a receipt; what came back of it is 0 where nothing did."""

    product_id: int | None
    tax_rate: Decimal
    quantity: Decimal
    gross: Decimal
    came_back: Decimal
    refund: Decimal
    net: Decimal = ZERO


def lines_of(order: Mapping[str, Any]) -> list[Line]:
    """The lines of an order's receipt."""
    is_refunded = bool(order["state"] & REFUNDED)
    lines = [_line(item, is_refunded=is_refunded) for item in order["basket"]["items"]]
    if is_refunded and not any(line.came_back for line in lines):
        lines = [replace(line, came_back=line.quantity, refund=line.gross) for line in lines]
    by_rate = defaultdict(list)
    for number, line in enumerate(lines):
        by_rate[line.tax_rate].append(number)
    for rate, numbers in by_rate.items():
        for number, net in zip(numbers, net_amounts([lines[number].gross for number in numbers], rate), strict=True):
            lines[number] = replace(lines[number], net=net)
    return lines


def after_discounts(order: Mapping[str, Any]) -> dict[str, Any]:
    """An order of an account whose prices are before discounts, as an account would send it whose prices are after."""
    items = order["basket"]["items"]
    is_refunded = bool(order["state"] & REFUNDED)
    gross = [_line(item, is_refunded=is_refunded).gross for item in items]
    gross = [amount - _taken_off(amount, item["discount"]) for amount, item in zip(gross, items, strict=True)]
    of_order = _taken_off(sum(gross, ZERO), order["basket"]["discount"])
    left = [
        amount - share
        for amount, share in zip(gross, spread(of_order, [max(each, ZERO) for each in gross]), strict=True)
    ]
    priced = [
        item | {"gross_price": str(amount), "unit_gross_price": str(amount / Decimal(str(item["original_quantity"])))}
        for item, amount in zip(items, left, strict=True)
    ]
    return {**order, "basket": order["basket"] | {"items": priced}}


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount over weights, one of them above zero, to the cent, by largest remainder; the first of equals first."""
    if not amount:
        return [ZERO for _ in weights]
    exact = [Fraction(amount * 100) * Fraction(weight) / Fraction(sum(weights)) for weight in weights]
    cents = [floor(part) for part in exact]
    left = int(amount * 100) - sum(cents)
    for place in sorted(range(len(weights)), key=lambda place: (cents[place] - exact[place], place))[:left]:
        cents[place] += 1
    return [Decimal(part) / 100 for part in cents]


def _taken_off(gross: Decimal, discount: Mapping[str, Any] | None) -> Decimal:
    if discount is None:
        return ZERO
    value = Decimal(str(discount["amount"]))
    return cents_of(gross * value) if discount["type"] == "percent" else min(value, max(gross, ZERO))


def net_of(gross: Decimal, rate: Decimal) -> Decimal:
    """Without VAT, to the nearest cent, half a cent away from zero."""
    return (gross * 100 / (100 + rate)).quantize(CENT, ROUND_HALF_UP)


def net_amounts(gross: Sequence[Decimal], rate: Decimal) -> list[Decimal]:
    """The net amount of all lines together, spread over them by largest remainder."""
    sign = -1 if sum(gross) < 0 else 1
    exact = [Fraction(sign * amount) * 10_000 / Fraction(100 + rate) for amount in gross]
    cents = [floor(amount) for amount in exact]
    left = int(net_of(abs(sum(gross, ZERO)), rate) * 100) - sum(cents)
    for place in sorted(range(len(gross)), key=lambda place: (cents[place] - exact[place], place))[:left]:
        cents[place] += 1
    return [Decimal(sign * amount) / 100 for amount in cents]


def _line(item: Mapping[str, Any], *, is_refunded: bool) -> Line:
    left, sold = Decimal(str(item["quantity"])), Decimal(str(item["original_quantity"]))
    gross, rate = cents_of(item["gross_price"]), Decimal(item["tax_rate"])
    if not (is_refunded and 0 <= left < sold):
        return Line(item["product"], rate, left, gross, Decimal(0), ZERO)
    unit = cents_of(item["unit_gross_price"])
    if abs(gross - unit * left) < abs(gross - unit * sold):  # the price of what is left
        gross = cents_of(gross * sold / left) if left else cents_of(unit * sold)
    return Line(item["product"], rate, sold, gross, sold - left, gross - cents_of(gross * left / sold))


def cents_of(amount: Any) -> Decimal:
    """To the cent, half a cent away from zero."""
    return Decimal(str(amount)).quantize(CENT, ROUND_HALF_UP)
