"""The account behind the sandbox, and everything that can happen to its orders."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.sandbox import payload as wire
from pipelines.sandbox.amounts import Amount, cents, ten_places
from pipelines.sandbox.basket import Item, Reduction, lines_of, reduced, to_pay
from pipelines.sandbox.clock import Clock, When, microseconds, moment, wire_time
from pipelines.sandbox.customers import Customers
from pipelines.sandbox.ids import Ids
from pipelines.sandbox.orders import Order, Orders
from pipelines.sandbox.payload import (
    CANCELED,
    CLOSED,
    COMPLETED,
    DELIVERED,
    DRAFT,
    PAID,
    PENDING,
    READ,
    REFUNDED,
    SERVICES,
    SHIPPED,
    TEST_PRINT,
    Discount,
    Service,
)
from pipelines.sandbox.products import Products

if TYPE_CHECKING:
    from pipelines.sandbox.trading import Trade, Trader

CHANNELS = ("ipad", "shop", "ebay", "ece", "backoffice", "atalanda", "click_and_collect")
SAMPLES = {5011967: "2017-01-25T12:19:37Z", 8791312: "2017-12-12T14:49:26Z"}
TILL_USER = 1959
CIRCLES = {"ipad": "", "backoffice": "", "ebay": "EB-", "atalanda": "AT-"}  # others: WEB-


class Shop:
    """An account with customers, products and orders; each method below changes it from outside.

    `at` is the time of the event, and with that the order's hidden modification time (default: now). An
    `at` in the future moves the clock there; one in the past leaves it alone, so such a change may lie
    behind a reader's cursor. All methods may be called from any thread.

    Attributes:
        clock: The server's clock.
        orders: Every order in its latest version, by id.
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
        self.trader: Trader | None = None
        self._invoices: dict[str, int] = {}
        if samples:
            self.add_samples()

    def add_samples(self) -> None:
        """Adds the two orders of the API's documentation, byte for byte as printed there."""
        for order_id, at in SAMPLES.items():
            text = (Path(__file__).parent / "samples" / f"{order_id}.json").read_bytes().rstrip(b"\n")
            self.raw(json.loads(text)["channel"], text, at=at)

    def sell(
        self,
        channel: str,
        items: Iterable[Item],
        at: When = None,
        *,
        customer: int | str | None = None,
        paid: bool = True,
        payments: Sequence[tuple[str, Amount]] | None = None,
        shipping: Amount | tuple[str, Amount] | None = None,
        discount: Reduction | None = None,
        state: int | None = None,
        note: str | None = None,
        note_internal: str | None = None,
        invoice: str | None = None,
        user: int | None = None,
    ) -> int:
        """Adds an order.

        Args:
            channel: One of CHANNELS.
            items: (name, gross price per unit, quantity[, tax rate in percent, default 19]) or lines.
            at: When it is created and, if paid, completed.
            customer: An id, or a full name, which is added if it is new; None: a walk-in sale.
            paid: False: PENDING (which delta hides from version 12 on). As in the API, such an order
                shows payments, an amount paid and a completion time nevertheless.
            payments: (code, amount) each; default: one that fits, "0" at the till, "6" elsewhere.
            shipping: Gross cost, or (name of the service, cost).
            discount: ("percent", "0.1") or ("cash", "5.00") on the whole basket.
            state: The bits themselves; default: 360 at the till, 264 elsewhere, 2 if not paid.
            note: The external note.
            note_internal: The internal note.
            invoice: The invoice number; default: the next one of a paid order, "" of others.

        Returns:
            The order's id.
        """
        with self.lock:
            when = self._at(at)
            seconds = microseconds(when) // 1_000_000
            if state is None:
                state = (COMPLETED if channel == "ipad" else PAID | CLOSED) if paid else PENDING
            order_id = self.ids.order(seconds)
            lines = lines_of(items, self.products)
            rebate = Discount(*discount) if discount else None
            shipment, cost = self._shipment(shipping)
            total = to_pay(lines, rebate) + cost
            if self.discounts_in_prices:
                lines = reduced(lines, rebate)
                total = sum(line.gross for line in lines) + cost
            if payments is None:
                payments = [("0" if channel == "ipad" else "6", ten_places(total))]
            if invoice is None:
                invoice = self.next_invoice(channel) if state & (PAID | CLOSED) else ""
            first = self.ids.items(order_id, len(lines)) + 1
            receipt = wire.receipt_text(self.receipts, invoice, 980 + 60 * len(lines)) if invoice else "null"
            text = wire.order_text(
                order_id,
                items=",".join(line.text(first + 2 * number) for number, line in enumerate(lines)),
                state=state,
                channel=channel,
                amount_paid=sum(cents(amount) for _, amount in payments),
                payments=",".join(
                    wire.payment_text(self.ids.payment(order_id), code, cents(amount), wire_time(seconds))
                    for code, amount in payments
                ),
                added=wire_time(seconds),
                completed=wire_time(seconds),
                user=user or (TILL_USER if channel == "ipad" else None),
                customer=self._customer_text(customer),
                discount=rebate.text(2 * order_id) if rebate else "null",
                receipt=receipt,
                invoice=invoice,
                shipment=shipment,
                note_external=note,
                note_internal=note_internal,
            )
            micros = seconds * 1_000_000
            self.add(Order(order_id, channel, state, microseconds(when), micros, micros, text.encode()))
            return order_id

    def raw(self, channel: str, text: str | bytes, at: When = None) -> int:
        """Plants a record as it is, readable or not; one with an integer `id` replaces the order of that id.

        Returns:
            Where it sorts: its id, or one made up for it. The other methods take it if it is readable.
        """
        with self.lock:
            modified = microseconds(self._at(at))
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

    def test_print(self, channel: str = "ipad", at: When = None) -> int:
        """Prints a test receipt: an order that is no sale."""
        return self.sell(channel, [("Testdruck", "1.00", 1)], at, state=COMPLETED | TEST_PRINT, invoice="")

    def pay(
        self,
        order_id: int,
        at: When = None,
        *,
        payments: Sequence[tuple[str, Amount]] | None = None,
        close: bool = True,
    ) -> None:
        """Money arrives: PAID and CLOSED, no longer DRAFT or PENDING; completed now, with an invoice number.

        Args:
            payments: (code, amount) each, instead of the payments that the order shows already.
            close: False leaves it PENDING and PAID, 258, which delta hides from version 12 on.
        """

        def change(order: dict[str, Any]) -> None:
            if not close:
                order["state"] = order["state"] & ~DRAFT | PENDING | PAID
                return
            order["state"] = order["state"] & ~(DRAFT | PENDING) | PAID | CLOSED
            order["completed_at"] = wire_time(microseconds(when) // 1_000_000)
            basket = order["basket"]
            if not basket["invoice_number"]:
                number = self.next_invoice(order["channel"])
                basket["invoice_number"] = number
                height = 980 + 60 * len(basket["items"])
                basket["receipt"] = json.loads(wire.receipt_text(self.receipts, number, height))
            if payments is not None:
                order["amount_paid"] = ten_places(sum(cents(amount) for _, amount in payments))
                order["payments"] = [
                    json.loads(
                        wire.payment_text(self.ids.payment(order_id), code, cents(amount), order["completed_at"])
                    )
                    for code, amount in payments
                ]

        with self.lock:
            when = self._at(at)
            self.edit(order_id, change, when)

    def ship(self, order_id: int, at: When = None, *, tracking: str | None = None) -> None:
        """The goods leave: SHIPPED; an order without a shipment gets one that costs nothing."""

        def change(order: dict[str, Any]) -> None:
            order["state"] |= SHIPPED
            if order["shipment"] is None:
                order["shipment"] = json.loads(wire.shipment_text(self.ids.shipment(), wire.PARCEL, 0, tracking))
            elif tracking:
                order["shipment"]["tracking_number"] = tracking

        self.edit(order_id, change, at)

    def deliver(self, order_id: int, at: When = None) -> None:
        """The goods arrive: DELIVERED."""
        self.set_bits(order_id, DELIVERED, at=at)

    def cancel(self, order_id: int, at: When = None) -> None:
        """CANCELED, no longer DRAFT or PENDING; the order's own times stay as they are."""
        self.set_bits(order_id, CANCELED, clear=DRAFT | PENDING, at=at)

    def refund(self, order_id: int, at: When = None) -> None:
        """The whole order comes back: REFUNDED; amounts and times stay as they are."""
        self.set_bits(order_id, REFUNDED, at=at)

    def read(self, order_id: int, at: When = None) -> None:
        """The merchant has seen it: READ."""
        self.set_bits(order_id, READ, at=at)

    def set_bits(self, order_id: int, bits: int, *, clear: int = 0, at: When = None) -> None:
        """Sets some bits of the state and clears others."""

        def change(order: dict[str, Any]) -> None:
            order["state"] = order["state"] & ~clear | bits

        self.edit(order_id, change, at)

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
            modified = microseconds(self._at(at))
            record = json.loads(before.payload)
            (change or new_note)(record)
            if "delta_state" in record:
                record["delta_state"] = "updated"
            self.add(
                Order(
                    order_id,
                    before.channel,
                    record["state"],
                    modified,
                    _micros(record.get("time_added")) or before.added,
                    _micros(record.get("completed_at")),
                    wire.compact(record).encode("utf-8", "surrogatepass"),
                    before.planted,
                )
            )

    def trade(self, sales: int | None = None, hours: float | None = None, seed: int | None = None) -> Trade:
        """Goes on trading from now: new sales, and open orders are paid, sent, delivered; some come back.

        The clock is moved to the end of that time. At least one older sale is cancelled and one refunded.

        Args:
            sales: Number of new sales; default: what the hour, weekday and season suggest.
            hours: How long; default: until the till has been open for eight hours.
            seed: Default: the shop's own, different in each round.
        """
        from pipelines.sandbox.trading import Trader

        with self.lock:
            self.trader = self.trader or Trader.of(self)
            return self.trader.trade(sales, hours, seed)

    def touch(self, order_id: int, at: When = None) -> None:
        """Marks an order as modified although nothing in it changed."""
        with self.lock:
            self.orders[order_id].modified = microseconds(self._at(at))
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

    def next_invoice(self, channel: str) -> str:
        """The next invoice number of the channel's circle."""
        prefix = CIRCLES.get(channel, "WEB-")
        number = self._invoices.get(prefix, 630 if not prefix else 1000) + 1
        self._invoices[prefix] = number
        return f"{prefix}{number}"

    @property
    def receipts(self) -> str:
        """The folder and first part of a receipt's file name."""
        return f"7/{self.name}"

    def _at(self, at: When) -> datetime:
        if at is None:
            return self.clock.now()
        when = moment(at)
        self.clock.reach(when)
        return when

    def _shipment(self, shipping: Amount | tuple[str, Amount] | None) -> tuple[str, int]:
        if shipping is None:
            return "null", 0
        name, amount = shipping if isinstance(shipping, tuple) else (wire.PARCEL.name, shipping)
        service = SERVICES.get(name) or Service(22_199, name, None, 0, 86_400, 259_200)
        return wire.shipment_text(self.ids.shipment(), service, cents(amount), None), cents(amount)

    def _customer_text(self, customer: int | str | None) -> str:
        if customer is None:
            return "null"
        return self.customers.text(self.customers.named(customer) if isinstance(customer, str) else customer)


def _readable(payload: bytes) -> dict[str, Any]:
    try:
        record = json.loads(payload)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _micros(time: object) -> int | None:
    try:
        return microseconds(moment(time)) if isinstance(time, str) else None
    except (ValueError, OverflowError):
        return None
