"""A basket from flags or a file, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pipelines.errors import SettingsError
from pipelines.inventorum.http.basket import Basket, BasketItem, Discount, read_basket

NOTHING_SENT = "Nothing was sent."


def from_file(path: Path) -> Basket:
    """A basket from a JSON file in the API's own form.

    Raises:
        SettingsError: The file cannot be read, or the basket breaks a rule.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} could not be read: {error.strerror}. {NOTHING_SENT}") from None
    return read_basket(text)


def from_flags(
    items: Sequence[str],
    *,
    customer: int | None = None,
    note: str | None = None,
    invoice_note: str | None = None,
    discount: str | None = None,
) -> Basket:
    """A basket from `PRODUCT:QUANTITY:PRICE` items and the other flags.

    Args:
        discount: `10%` or an amount off the gross price like `5.00`.

    Raises:
        SettingsError: A flag is malformed, or the basket breaks a rule.
    """
    chosen: dict[str, Any] = {}
    if customer is not None:
        chosen["customer"] = customer
    if note is not None:
        chosen["note_internal"] = note
    if invoice_note is not None:
        chosen["note_external"] = invoice_note
    if discount is not None:
        chosen["discount"] = _discount(discount)
    try:
        return Basket(items=[_item(text) for text in items], **chosen)
    except ValueError as error:
        raise SettingsError(f"The basket cannot be sent: {error}. {NOTHING_SENT}") from None


def _item(text: str) -> BasketItem:
    parts = text.split(":")
    if len(parts) != 3:
        raise SettingsError(
            f"--item {text!r} must be PRODUCT:QUANTITY:PRICE, like 4711:2:5.87 (net price of one). {NOTHING_SENT}"
        )
    product, quantity, price = parts
    if not re.fullmatch(r"\d{1,18}", product, re.ASCII):
        raise SettingsError(f"--item {text!r}: the product is an id, a whole number. {NOTHING_SENT}")
    if not re.fullmatch(r"\d{1,18}", quantity, re.ASCII) or int(quantity) < 1:
        raise SettingsError(f"--item {text!r}: the quantity is a whole number from 1 on. {NOTHING_SENT}")
    return BasketItem(product=int(product), quantity=int(quantity), price=_decimal(price, f"--item {text!r}"))


def _discount(text: str) -> Discount:
    what = f"--discount {text!r}"
    if text.endswith("%"):
        share = _decimal(text[:-1], what) / 100
        if not 0 < share <= 1:
            raise SettingsError(f"{what} must be more than 0 % and at most 100 %. {NOTHING_SENT}")
        return Discount(amount=share, reason=0, type="percent")
    amount = _decimal(text, what)
    if amount <= 0:
        raise SettingsError(f"{what} must be more than 0. {NOTHING_SENT}")
    return Discount(amount=amount, reason=0, type="cash")


def _decimal(text: str, what: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise SettingsError(f"{what}: {text!r} is no amount. Write it like 5.87. {NOTHING_SENT}")
    return value


def described(basket: Basket) -> list[list[Any]]:
    """One line an item: product, quantity, net price of one, name, discount."""
    return [
        [item.product, item.quantity, item.price, _optional(item.name), _reduction(item.discount)]
        for item in basket.items
    ]


def further(basket: Basket) -> dict[str, Any]:
    """What the basket says besides its items, and its net worth before discounts."""
    said: dict[str, Any] = {
        "net before discounts": sum((item.price * item.quantity for item in basket.items), Decimal(0)),
        "customer": _optional(basket.customer),
        "discount": _reduction(basket.discount),
        "note": _optional(basket.note_internal),
        "note on the invoice": _optional(basket.note_external),
    }
    return {name: value for name, value in said.items() if value != ""}


def _optional(value: Any) -> Any:
    return value if isinstance(value, str | int) else ""


def _reduction(discount: Any) -> str:
    if not isinstance(discount, Discount):
        return ""
    if discount.type == "percent":
        return f"{(discount.amount * 100).normalize():f} %"
    return f"{discount.amount:f}"
