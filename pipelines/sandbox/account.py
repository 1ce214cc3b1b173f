"""An account as the server keeps it: its orders, its clock, and changes of single orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.sandbox.clock import Clock, When, microseconds, moment
from pipelines.sandbox.customers import Customers
from pipelines.sandbox.ids import Ids
from pipelines.sandbox.orders import Order, Orders
from pipelines.sandbox.payload import compact
from pipelines.sandbox.products import Products

CHANNELS = ("ipad", "shop", "ebay", "ece", "backoffice", "atalanda", "click_and_collect")
SAMPLES = {5011967: "2017-01-25T12:19:37Z", 8791312: "2017-12-12T14:49:26Z"}


class Account:
    """Customers, products and orders, and the clock that dates their changes.

    `at` is the time of a change, and with that the order's hidden modification time (default: now). An
    `at` in the future moves the clock there; one in the past leaves it alone, so such a change may lie
    behind a reader's cursor. All methods may be called from any thread.

    Attributes:
        clock: The server's clock.
        orders: Every order in its latest version, by id.
        lock: Held during each change and each answer.
        discounts_in_prices: Whether the prices of answers are after discount.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        timezone: str = "Europe/Berlin",
        samples: bool = False,
        discounts_in_prices: bool = True,
        name: str = "Gipfelkreuz",
    ) -> None:
        self.clock = clock or Clock()
        self.timezone = timezone
        self.name = name
        self.discounts_in_prices = discounts_in_prices
        self.book = Orders()
        self.orders = self.book.by_id
        self.lock = self.book.lock
        self.ids = Ids(self.orders)
        self.customers = Customers(self.ids)
        self.products = Products(self.ids)
        if samples:
            self.add_samples()

    def add_samples(self) -> None:
        """Adds the two orders of the API's documentation, byte for byte as printed there."""
        for order_id, at in SAMPLES.items():
            text = (Path(__file__).parent / "samples" / f"{order_id}.json").read_bytes().rstrip(b"\n")
            self.raw(json.loads(text)["channel"], text, at=at)

    def raw(self, channel: str, text: str | bytes, at: When = None) -> int:
        """Plants a record as it is, readable or not; one with an integer `id` replaces the order of that id.

        Returns:
            Where it sorts: its id, or one made up for it. The other methods take it if it is readable.
        """
        with self.lock:
            modified = microseconds(self.event_time(at))
            payload = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
            record = _readable(payload)
            key = record.get("id")
            if not isinstance(key, int) or isinstance(key, bool):
                key = self.ids.order(modified // 1_000_000)
            state = record.get("state")
            self.add(
                Order(
                    key,
                    channel,
                    state if isinstance(state, int) else 0,
                    modified,
                    _micros(record.get("time_added")) or modified,
                    _micros(record.get("completed_at")),
                    payload,
                    planted=True,
                )
            )
            return key

    def edit(self, order_id: int, change: Callable[[dict[str, Any]], None] | None = None, at: When = None) -> None:
        """Changes an order's JSON object in place; by default its internal note, to a new text each time.

        Raises:
            KeyError: There is no such order.
            ValueError: It is a planted record that is no readable order.
        """

        def new_note(order: dict[str, Any]) -> None:
            order["basket"]["note_internal"] = f"geändert {len(self.book.versions(order_id))}"

        with self.lock:
            before = self.orders[order_id]
            modified = microseconds(self.event_time(at))
            record = json.loads(before.payload)
            (change or new_note)(record)
            state = record.get("state")
            if "delta_state" in record:
                record["delta_state"] = "updated"
            self.add(
                Order(
                    order_id,
                    before.channel,
                    state if isinstance(state, int) else before.state,
                    modified,
                    _micros(record.get("time_added")) or before.added,
                    _micros(record.get("completed_at")),
                    compact(record).encode("utf-8", "surrogatepass"),
                    before.planted,
                )
            )

    def touch(self, order_id: int, at: When = None) -> None:
        """Marks an order as modified although nothing in it changed."""
        with self.lock:
            self.orders[order_id].modified = microseconds(self.event_time(at))
            self.book.changed()

    def remove(self, order_id: int) -> None:
        """Deletes an order without a trace."""
        self.book.remove(order_id)

    def add(self, order: Order) -> None:
        """Adds an order, or a new version of one."""
        self.book.put(order)

    def payload(self, order_id: int) -> str:
        """The order's JSON text as delta sends it."""
        return self.orders[order_id].payload.decode("utf-8", "surrogatepass")

    def versions(self, order_id: int) -> list[bytes]:
        """Every text that the order ever had, oldest first, removed or not."""
        return self.book.versions(order_id)

    def event_time(self, at: When) -> datetime:
        """The moment of a change; the clock goes on to it if it lies ahead."""
        if at is None:
            return self.clock.now()
        when = moment(at)
        self.clock.reach(when)
        return when


def _readable(payload: bytes) -> dict[str, Any]:
    try:
        record = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _micros(time: object) -> int | None:
    try:
        return microseconds(moment(time)) if isinstance(time, str) else None
    except (ValueError, OverflowError):
        return None
