"""What changed between two payloads of an order, member by member, without showing who the customer is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HIDDEN = "(hidden)"
MEMBERS_OF_THE_REQUEST = ("delta_state", "user_id", "available_refund_types")  # vary by request, not by order

_DISCOUNT = ("id", "type", "amount", "reason")
_PAYMENT = (
    "id",
    "payment_method",
    "payment_amount",
    "date",
    "transaction_id",
    "transaction_duration",
    "external_payment_method",
    "paypal_invoice_id",
    "paypal_tab_id",
)
_ADDRESSES = ("billing_address", "shipping_address[]")
_ITEM = (
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
)
# Members that name nobody; the values of all others, unknown ones included, are hidden.
IMPERSONAL = frozenset(
    {
        *("id", "state", "channel", "amount_paid", "time_added", "completed_at"),
        "basket.invoice_number",
        *("basket.receipt.image_width", "basket.receipt.image_height"),
        *(f"basket.discount.{name}" for name in _DISCOUNT),
        *(f"basket.items[].{name}" for name in _ITEM),
        *(f"basket.items[].discount.{name}" for name in _DISCOUNT),
        *(f"payments[].{name}" for name in _PAYMENT),
        *("customer.id", "customer.channel"),
        *(f"customer.{kind}.{name}" for kind in _ADDRESSES for name in ("id", "country")),
        *(f"shipment.{name}" for name in ("id", "name", "tracking_number", "cost", "external_key")),
        *(f"shipment.service.{name}" for name in ("id", "name", "time_min", "time_max")),
    }
)
# Objects and lists that are compared member by member; others are one value.
KNOWN = frozenset(
    {
        "",
        *("basket", "basket.items", "basket.items[]", "basket.items[].discount", "basket.discount", "basket.receipt"),
        *("payments", "payments[]", "shipment", "shipment.service", "customer", "customer.shipping_address"),
        *(f"customer.{kind}" for kind in _ADDRESSES),
    }
)
ABSENT = object()
Difference = tuple[str, str, Any, Any]


@dataclass(frozen=True)
class Number:
    """A number of the JSON text as it was sent: `1.50` is neither `1.5` nor `"1.50"`."""

    text: str


@dataclass(frozen=True)
class Change:
    """One member that differs.

    Attributes:
        member: Its path: `payments[id=7].date`, `basket.items[0].quantity`.
        old: Its value before as JSON; None where it was absent.
        new: Its value now as JSON; None where it is absent now.
    """

    member: str
    old: str | None
    new: str | None


def changes(old: str, new: str, *, personal: bool = False) -> list[Change] | None:
    """What a new payload changes; None when one of the two is no JSON object.

    Args:
        personal: Show names, addresses, notes and what is not known to be harmless.
    """
    before, after = _parsed(old), _parsed(new)
    if before is None or after is None:
        return None
    comparison = _Comparison(personal)
    return [
        Change(member, comparison.shown(value, plain), comparison.shown(other, plain))
        for member, plain, value, other in comparison.differences(before, after, "", "")
        if plain.split(".")[0] not in MEMBERS_OF_THE_REQUEST
    ]


def _parsed(payload: str) -> dict[str, Any] | None:
    try:
        document = json.loads(payload, parse_float=Number, parse_int=Number, parse_constant=Number)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


@dataclass(frozen=True)
class _Comparison:
    """Finds members that differ; each with its path, the path without positions, and both values."""

    personal: bool

    def differences(self, old: Any, new: Any, member: str, plain: str) -> Iterator[Difference]:
        if old == new and type(old) is type(new):
            return
        kinds = {type(value) for value in (old, new) if not _is_gone(value)}
        if kinds == {dict} and self._opens(plain):
            yield from self._of_objects(old, new, member, plain)
        elif kinds == {list} and self._opens(plain):
            yield from self._of_lists(old, new, member, plain)
        else:
            yield member, plain, old, new

    def _of_objects(self, old: Any, new: Any, member: str, plain: str) -> Iterator[Difference]:
        before: Mapping[str, Any] = {} if _is_gone(old) else old
        after: Mapping[str, Any] = {} if _is_gone(new) else new
        whole = _is_gone(old) or _is_gone(new)
        if whole and not any(not _is_empty(value) for value in (*before.values(), *after.values())):
            yield member, plain, old, new
            return
        for name in dict.fromkeys((*before, *after)):
            value, other = before.get(name, ABSENT), after.get(name, ABSENT)
            if not (whole and _is_empty(value) and _is_empty(other)):  # five nulls of a new payment say nothing
                yield from self.differences(value, other, _below(member, name), _below(plain, name))

    def _of_lists(self, old: Any, new: Any, member: str, plain: str) -> Iterator[Difference]:
        before: list[Any] = [] if _is_gone(old) else old
        after: list[Any] = [] if _is_gone(new) else new
        if not before and not after:
            yield member, plain, old, new
            return
        left, right = _keyed(before), _keyed(after)
        if left is None or right is None:
            left = {f"[{place}]": value for place, value in enumerate(before)}
            right = {f"[{place}]": value for place, value in enumerate(after)}
        for name in dict.fromkeys((*left, *right)):
            value, other = left.get(name, ABSENT), right.get(name, ABSENT)
            yield from self.differences(value, other, f"{member}{name}", f"{plain}[]")
        if left.keys() == right.keys() and list(left) != list(right):
            yield f"{member} (order)", plain, ABSENT, ABSENT

    def _opens(self, plain: str) -> bool:
        return self.personal or plain in KNOWN

    def shown(self, value: Any, plain: str) -> str | None:
        """A value as JSON with numbers as they were sent; what may name a person is hidden."""
        if value is ABSENT:
            return None
        if isinstance(value, dict | list) and value:
            if not self._opens(plain):
                return HIDDEN
            if isinstance(value, list):
                return "[" + ", ".join(str(self.shown(part, f"{plain}[]")) for part in value) + "]"
            parts = ((json.dumps(name, ensure_ascii=False), name, part) for name, part in value.items())
            return (
                "{" + ", ".join(f"{text}: {self.shown(part, _below(plain, name))}" for text, name, part in parts) + "}"
            )
        if not self.personal and plain not in IMPERSONAL and not _is_empty(value):
            return HIDDEN
        return value.text if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


def _keyed(values: list[Any]) -> dict[str, Any] | None:
    """The elements by their id; None where one has none, or two share one."""
    found = {
        f"[id={value['id'].text}]": value
        for value in values
        if isinstance(value, dict) and isinstance(value.get("id"), Number)
    }
    return found if len(found) == len(values) else None


def _below(member: str, name: str) -> str:
    shown = name if re.fullmatch(r"[\w-]+", name) else json.dumps(name)
    return f"{member}.{shown}" if member else shown


def _is_gone(value: Any) -> bool:
    return value is None or value is ABSENT


def _is_empty(value: Any) -> bool:
    return _is_gone(value) or value in ("", [], {})
