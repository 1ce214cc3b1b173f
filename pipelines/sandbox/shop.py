"""The account behind the sandbox, and everything that can happen to its orders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pipelines.sandbox import payload as wire
from pipelines.sandbox.account import CHANNELS, Account
from pipelines.sandbox.amounts import Amount, cents, ten_places
from pipelines.sandbox.basket import Item, Reduction, amount_due, lines_of, reduced, to_pay
from pipelines.sandbox.clock import When, microseconds, wire_time
from pipelines.sandbox.orders import Order
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

TILL_USER = 1959
CIRCLES = {"ipad": "", "backoffice": "RE-", "ebay": "EB-", "atalanda": "AT-"}  # others: WEB-


class Shop(Account):
    """An account and what happens in a shop: sales, payments, parcels, cancellations, refunds.

    See Account for what `at` means.
    """

    trader: object = None  # whoever trades in it (`trading`)

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

        Raises:
            ValueError: An unknown channel.
        """
        if channel not in CHANNELS:
            raise ValueError(f"no channel {channel!r}; there are {', '.join(CHANNELS)}")
        with self.lock:
            when = self.event_time(at)
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
                payments=self._payments_text(order_id, payments, wire_time(seconds)),
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

        What is paid at the till is handed over at once: SHIPPED and DELIVERED as well.

        Args:
            payments: (code, amount) each, instead of the payments that the order shows already; an order
                without any, such as a draft, is paid in cash by default.
            close: False leaves it PENDING and PAID, 258, which delta hides from version 12 on.
        """

        def change(order: dict[str, Any]) -> None:
            if not close:
                order["state"] = order["state"] & ~DRAFT | PENDING | PAID
                return
            bits = COMPLETED if order["channel"] == "ipad" else PAID | CLOSED
            order["state"] = order["state"] & ~(DRAFT | PENDING) | bits
            order["completed_at"] = wire_time(microseconds(when) // 1_000_000)
            basket = order["basket"]
            if not basket["invoice_number"]:
                number = self.next_invoice(order["channel"])
                basket["invoice_number"] = number
                height = 980 + 60 * len(basket["items"])
                basket["receipt"] = json.loads(wire.receipt_text(self.receipts, number, height))
            money = payments
            if money is None and not order["payments"]:
                money = [("0", ten_places(amount_due(order, in_prices=self.discounts_in_prices)))]
            if money is not None:
                order["amount_paid"] = ten_places(sum(cents(amount) for _, amount in money))
                order["payments"] = json.loads(f"[{self._payments_text(order_id, money, order['completed_at'])}]")

        with self.lock:
            when = self.event_time(at)
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

    def next_invoice(self, channel: str) -> str:
        """The next invoice number of the channel's circle."""
        return self.ids.invoice(CIRCLES.get(channel, "WEB-"))

    @property
    def receipts(self) -> str:
        """The folder and first part of a receipt's file name."""
        return f"7/{self.name}"

    def _shipment(self, shipping: Amount | tuple[str, Amount] | None) -> tuple[str, int]:
        if shipping is None:
            return "null", 0
        name, amount = shipping if isinstance(shipping, tuple) else (wire.PARCEL.name, shipping)
        service = SERVICES.get(name) or Service(22_199, name, None, 0, 86_400, 259_200)
        return wire.shipment_text(self.ids.shipment(), service, cents(amount), None), cents(amount)

    def _payments_text(self, order_id: int, payments: Sequence[tuple[str, Amount]], date: str) -> str:
        return ",".join(
            wire.payment_text(self.ids.payment(order_id), code, cents(amount), date) for code, amount in payments
        )

    def _customer_text(self, customer: int | str | None) -> str:
        if customer is None:
            return "null"
        return self.customers.text(self.customers.named(customer) if isinstance(customer, str) else customer)
