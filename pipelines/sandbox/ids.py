"""Ids as the API gives them: ascending, with the gaps that many accounts on one server leave."""

from __future__ import annotations

from collections.abc import Container

SAMPLE_SECONDS, SAMPLE_ID = 1_485_346_508, 5_011_967  # order 5011967, 2017-01-25T12:15:08Z
SECONDS_PER_ORDER = 7  # between the two sample orders, over all accounts


class Ids:
    """The next free id of each kind; two shops that do the same give the same ids."""

    def __init__(self, taken: Container[int]) -> None:
        self._taken = taken
        self._orders = self._items = self._payments = 0
        self._invoices: dict[str, int] = {}
        self._shipments, self._customers, self._addresses, self._products = 9_169, 408_367, 471_653, 2_195_273

    def order(self, seconds: int) -> int:
        """The id of an order added at a time (seconds since 1970): larger than every one given before."""
        guess = SAMPLE_ID + (seconds - SAMPLE_SECONDS) // SECONDS_PER_ORDER
        order_id = max(self._orders + 1, guess)
        while order_id in self._taken:
            order_id += 1
        self._orders = order_id
        return order_id

    def items(self, order_id: int, count: int) -> int:
        """The first of some consecutive item ids (each also keeps one id for a discount)."""
        first = max(self._items, 2 * order_id)
        self._items = first + 2 * count
        return first

    def payment(self, order_id: int) -> int:
        """A payment's id."""
        self._payments = max(self._payments + 1, order_id - 581_000)
        return self._payments

    def shipment(self) -> int:
        """A shipment's id."""
        self._shipments += 1
        return self._shipments

    def customer(self) -> int:
        """A customer's id."""
        self._customers += 7
        return self._customers

    def address(self) -> int:
        """An address's id."""
        self._addresses += 3
        return self._addresses

    def product(self) -> int:
        """A product's id."""
        self._products += 11
        return self._products

    def invoice(self, circle: str) -> str:
        """The next invoice number of a circle, which its prefix names."""
        number = self._invoices.get(circle, 1000 if circle else 630) + 1
        self._invoices[circle] = number
        return f"{circle}{number}"
