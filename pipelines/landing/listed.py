"""What `GET /orders/` lists for a range of days: ids, contents and amounts, for comparison."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import msgspec

from pipelines.inventorum.http.pages import Answer, OrderRow


class _Item(msgspec.Struct):
    gross_price: str | int | float | None = None


class _Basket(msgspec.Struct):
    items: list[_Item] | None = None


class _Order(msgspec.Struct):
    time_added: str | None = None
    basket: _Basket | None = None


_decode = msgspec.json.Decoder(_Order, strict=False).decode


@dataclass(frozen=True)
class Listed:
    """One order as the list shows it.

    Attributes:
        created_at: Its `time_added`; None where that cannot be read.
        gross: Sum of its lines, None where one cannot be read.
        answer: Where it came from, for landing.
    """

    row: OrderRow
    created_at: datetime | None
    gross: Decimal | None
    answer: Answer


def listed_orders(answers: list[Answer]) -> Iterator[Listed]:
    """The orders of the answers, newest reading last where one comes twice."""
    for answer in answers:
        for row in answer.page.orders:
            created_at, gross = figures_of(row.payload)
            yield Listed(row, created_at, gross, answer)


def figures_of(payload: msgspec.Raw | bytes) -> tuple[datetime | None, Decimal | None]:
    """When an order was created and the sum of its lines; None for what cannot be read."""
    try:
        order = _decode(payload)
    except (msgspec.MsgspecError, RecursionError):
        return None, None
    created_at = None
    if order.time_added:
        try:
            moment = datetime.fromisoformat(order.time_added)
            created_at = moment.replace(tzinfo=moment.tzinfo or UTC)
        except ValueError:
            created_at = None
    items = order.basket.items if order.basket and order.basket.items else []
    try:
        amounts = [Decimal(str(item.gross_price or 0)) for item in items]
        gross = sum(amounts, Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    except InvalidOperation:  # no number, or one that is too large
        return created_at, None
    return created_at, gross if gross.is_finite() else None
