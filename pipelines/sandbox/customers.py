"""The customers of a shop, as an order shows them."""

from __future__ import annotations

from typing import Any

from pipelines.sandbox.ids import Ids
from pipelines.sandbox.payload import compact

SAMPLE_CUSTOMER = 494
"""The customer of the documentation's POST /basket/ example; every shop knows it."""


class Customers:
    """Customers by id; what an order shows is the customer as known when the order was made."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._records: dict[int, dict[str, Any]] = {}
        self._texts: dict[int, str] = {}
        self._by_name: dict[str, int] = {}
        self.add("Kim", "Beispiel", customer_id=SAMPLE_CUSTOMER)

    def add(
        self,
        first_name: str,
        last_name: str,
        *,
        street: str = "Musterweg 1",
        zipcode: str = "10115",
        city: str = "Berlin",
        country: str = "DE",
        email: str | None = None,
        title: str | None = None,
        company: str | None = None,
        channel: int | None = 1,
        ship_to: tuple[str, str, str] | None = None,
        customer_id: int | None = None,
    ) -> int:
        """Adds a customer; `ship_to` is (street, zipcode, city) where that differs from the billing address.

        Returns:
            The customer's id.
        """
        customer_id = customer_id or self._ids.customer()
        billing = {
            "country": country,
            "id": self._ids.address(),
            "address1": street,
            "address2": "",
            "zipcode": zipcode,
            "city": city,
            "state": None,
            "first_name": first_name,
            "last_name": last_name,
            "company": company,
            "title": None,
        }
        shipping = billing | {"id": self._ids.address(), "company": company or "", "title": ""}
        if ship_to:
            shipping |= dict(zip(("address1", "zipcode", "city"), ship_to, strict=True))
        self.put(
            {
                "id": customer_id,
                "channel": channel,
                "email": email,
                "title": title,
                "first_name": first_name,
                "middle_name": None,
                "last_name": last_name,
                "billing_address": billing,
                "shipping_address": [shipping],
            }
        )
        self._by_name.setdefault(f"{first_name} {last_name}", customer_id)
        return customer_id

    def put(self, record: dict[str, Any]) -> None:
        """Adds or replaces a customer; later orders show the new record."""
        self._records[record["id"]] = record
        self._texts[record["id"]] = compact(record)

    def named(self, name: str) -> int:
        """The customer of this full name, added if need be."""
        if name not in self._by_name:
            first_name, _, last_name = name.rpartition(" ")
            self._by_name[name] = self.add(first_name, last_name)
        return self._by_name[name]

    def record(self, customer_id: int) -> dict[str, Any]:
        """A customer's JSON object; KeyError if there is none."""
        return self._records[customer_id]

    def text(self, customer_id: int) -> str:
        """The same as JSON text."""
        return self._texts[customer_id]

    def __contains__(self, customer_id: object) -> bool:
        return customer_id in self._records

    def __len__(self) -> int:
        return len(self._records)
