"""What the server keeps: orders, their versions, and the two selections that the API offers."""

from __future__ import annotations

import json
import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from pipelines.sandbox.payload import DRAFT, PENDING

SORT_FIELDS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order.key,
    "channel": lambda order: order.channel,
    "state": lambda order: order.state,
    "time_added": lambda order: order.added,
    "completed_at": lambda order: order.completed or 0,
}


@dataclass(slots=True)
class Order:
    """One order as the server keeps it; times in microseconds since 1970.

    Attributes:
        key: Its id; of a planted record without a usable id, the place where it sorts.
        modified: The hidden modification time.
        payload: The JSON text that the API sends, byte for byte.
        planted: Whether it came from outside, so that the shop's own trading leaves it alone.
    """

    key: int
    channel: str
    state: int
    modified: int
    added: int
    completed: int | None
    payload: bytes
    planted: bool = False


class Orders:
    """The orders of an account in their latest version, and the texts of the versions before.

    Attributes:
        lock: Held during each change and each selection.
        revision: Counts changes.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.revision = 0
        self.by_id: dict[int, Order] = {}
        self._past: dict[int, list[bytes]] = {}
        self._selections: dict[tuple[Any, ...], list[Order]] = {}
        self._by_creation: list[Order] | None = None

    def put(self, order: Order) -> None:
        """Adds an order or replaces its latest version."""
        with self.lock:
            before = self.by_id.get(order.key)
            if before is not None:
                self._past.setdefault(order.key, []).append(before.payload)
            self.by_id[order.key] = order
            self.changed()

    def remove(self, key: int) -> None:
        """Takes an order out, as if it had never been."""
        with self.lock:
            self._past.setdefault(key, []).append(self.by_id.pop(key).payload)
            self.changed()

    def changed(self) -> None:
        """Forgets selections made before; called after each change."""
        self.revision += 1
        self._selections.clear()
        self._by_creation = None

    def versions(self, key: int) -> list[bytes]:
        """Every payload that an order ever had, oldest first."""
        latest = [self.by_id[key].payload] if key in self.by_id else []
        return self._past.get(key, []) + latest

    def modified_since(
        self, channels: Collection[str], since: int | None, *, hide_pending: bool, order_by: tuple[str, ...]
    ) -> list[Order]:
        """Orders created or changed at or after a time, by modification time or by the given fields."""
        key = ("delta", tuple(channels), since, hide_pending, order_by)
        with self.lock:
            if key not in self._selections:
                found = [
                    order
                    for order in self.by_id.values()
                    if order.channel in channels
                    and (since is None or order.modified >= since)
                    and not (hide_pending and order.state & PENDING)
                ]
                self._selections[key] = _sorted(found, order_by)
            return self._selections[key]

    def created_between(
        self, channels: Collection[str], start: int, end: int, search: tuple[str, ...] = ()
    ) -> list[Order]:
        """Orders that are no drafts, created within both times, by completion and creation."""
        with self.lock:
            if self._by_creation is None:
                self._by_creation = sorted(self.by_id.values(), key=_creation)
            first = bisect_left(self._by_creation, start, key=_creation)
            last = bisect_right(self._by_creation, end, key=_creation)
            found = [
                order
                for order in self._by_creation[first:last]
                if order.channel in channels and not order.state & DRAFT and (not search or _matches(order, search))
            ]
        found.sort(key=lambda order: (order.completed is None, order.completed or 0, order.added))
        return found


def _creation(order: Order) -> int:
    return order.added


def _sorted(orders: list[Order], order_by: tuple[str, ...]) -> list[Order]:
    if not order_by:
        return sorted(orders, key=lambda order: (order.modified, order.key))
    for field in reversed(order_by):
        orders.sort(key=SORT_FIELDS[field.lstrip("-")], reverse=field.startswith("-"))
    return orders


def _matches(order: Order, words: tuple[str, ...]) -> bool:
    """Whether each word occurs in a product code, item name, invoice number, customer or company name."""
    try:
        record = json.loads(order.payload)
        basket, customer = record["basket"], record["customer"] or {}
        texts = [basket["invoice_number"], customer.get("first_name"), customer.get("last_name")]
        texts += [text for item in basket["items"] for text in (item["product_code"], item["name"])]
        texts += [(customer.get("billing_address") or {}).get("company")]
    except (ValueError, LookupError, TypeError, AttributeError):
        return False
    haystack = "\n".join(str(text).lower() for text in texts if text)
    return all(word in haystack for word in words)
