"""An order as the JSON text that the API sends, part by part."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from pipelines.sandbox.amounts import (
    cents,
    net_price,
    quantity_places,
    rate_text,
    rounded,
    ten_places,
    two_places,
)

DRAFT, PENDING, CANCELED, CLOSED, REFUNDED = 1, 2, 4, 8, 16
SHIPPED, DELIVERED, TEST_PRINT, PAID, READ = 32, 64, 128, 256, 512
COMPLETED = PAID | SHIPPED | DELIVERED | CLOSED

REFUND_TYPES = '["0","6","1","3","2"]'


def quoted(text: str | None) -> str:
    """A text as a JSON literal."""
    return json.dumps(text, ensure_ascii=False)


def compact(value: Any) -> str:
    """JSON as the API writes it: without spaces, umlauts as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Discount(NamedTuple):
    """`percent`: amount 0.5 is half off; `cash`: EUR off the gross price."""

    type: str
    amount: str
    reason: int = 0

    def off(self, gross: int) -> int:
        """What it takes off an amount in cents, in cents."""
        if self.type == "percent":
            return rounded(gross * int(Decimal(self.amount) * 10_000), 10_000)
        return min(gross, cents(self.amount))

    def text(self, discount_id: int) -> str:
        """The JSON object of an answer."""
        whole, _, places = self.amount.partition(".")
        amount = f"{whole}.{places:0<10}"
        return f'{{"id":{discount_id},"amount":"{amount}","reason":{self.reason},"type":"{self.type}"}}'


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a basket: unit price in cents gross before discount, rate in thousandths of a percent."""

    name: str
    unit_gross: int
    quantity: str
    rate: int
    product: int
    code: str | None
    discount: Discount | None = None
    original_quantity: str | None = None

    @property
    def gross(self) -> int:
        """The line in cents."""
        return line_gross(self.unit_gross, self.quantity)

    def text(self, item_id: int) -> str:
        """The JSON object of an answer."""
        number, places = quantity_places(self.quantity)
        original = quantity_places(self.original_quantity)[1] if self.original_quantity else places
        return item_text(
            item_id,
            quoted(self.name),
            self.discount.text(item_id - 1) if self.discount else "null",
            original,
            net_price(self.unit_gross, self.rate),
            self.product,
            number,
            rate_text(self.rate),
            two_places(self.gross),
            two_places(self.unit_gross),
            quoted(self.code),
        )


def line_gross(unit_gross: int, quantity: str) -> int:
    """Unit price x quantity in cents; the quantity has up to three places."""
    whole, _, places = quantity.partition(".")
    thousandths = int(whole) * 1000 + int(f"{places:0<3}"[:3])
    return rounded(unit_gross * thousandths, 1000)


def item_text(
    item_id: int,
    name: str,
    discount: str,
    original_quantity: str,
    price: str,
    product: int,
    quantity: str,
    rate: str,
    gross: str,
    unit_gross: str,
    code: str,
) -> str:
    """One basket item; name, code and discount are JSON literals already."""
    return (
        f'{{"id":{item_id},"name":{name},"discount":{discount},"original_quantity":"{original_quantity}",'
        f'"price":"{price}","product":{product},"quantity":{quantity},"tax_rate":"{rate}",'
        f'"gross_price":"{gross}","unit_gross_price":"{unit_gross}","product_code":{code}}}'
    )


def payment_text(payment_id: int, method: str, amount: int, date: str, transaction: str | None = None) -> str:
    """One payment of an amount in cents."""
    reference = f'"{transaction}"' if transaction else "null"
    return (
        f'{{"id":{payment_id},"payment_method":"{method}","payment_amount":"{ten_places(amount)}",'
        f'"date":"{date}","transaction_id":{reference},"transaction_duration":null,'
        '"paypal_invoice_id":null,"paypal_tab_id":null,"external_payment_method":null}'
    )


class Service(NamedTuple):
    """A shipping service; times in seconds, cost in cents."""

    id: int
    name: str
    key: str | None
    cost: int
    time_min: int
    time_max: int


PICK_UP = Service(22099, "Abholung", "INV_ClickAndCollect", 0, 0, 0)
PARCEL = Service(22101, "DHL Paket", "DE_DHLPaket", 490, 86_400, 259_200)
BULKY = Service(22102, "Spedition", None, 2990, 259_200, 864_000)
SERVICES = {service.name: service for service in (PICK_UP, PARCEL, BULKY)}


def shipment_text(shipment_id: int, service: Service, cost: int, tracking: str | None) -> str:
    """The shipment of an order; cost in cents."""
    return (
        f'{{"id":{shipment_id},"name":{quoted(service.name)},"tracking_number":{quoted(tracking)},'
        f'"cost":"{ten_places(cost)}","external_key":{quoted(service.key)},'
        f'"service":{{"id":{service.id},"name":{quoted(service.name)},'
        f'"time_max":{service.time_max},"time_min":{service.time_min}}}}}'
    )


def receipt_text(folder: str, invoice: str, height: int) -> str:
    """The receipt of an invoice."""
    place = f"http://app.inventorum.com/uploads/invoices/{folder}_-{invoice}"
    return f'{{"pdf":"{place}.pdf","image_width":576,"image_height":{height},"image":"{place}.png"}}'


def order_text(
    order_id: int,
    *,
    items: str,
    state: int,
    channel: str,
    amount_paid: int,
    payments: str,
    added: str,
    completed: str | None,
    user: int | None,
    customer: str = "null",
    discount: str = "null",
    receipt: str = "null",
    invoice: str = "",
    shipment: str = "null",
    note_internal: str | None = None,
    note_external: str | None = None,
) -> str:
    """The whole order; items, payments, customer, discount, receipt and shipment are JSON text already."""
    return (
        f'{{"id":{order_id},"basket":{{"note_internal":{quoted(note_internal) if note_internal else "null"},'
        f'"note_external":{quoted(note_external) if note_external else "null"},"items":[{items}],'
        f'"discount":{discount},"receipt":{receipt},"invoice_number":"{invoice}"}},"state":{state},'
        f'"customer":{customer},"amount_paid":"{ten_places(amount_paid)}","payments":[{payments}],'
        f'"shipment":{shipment},"channel":"{channel}","time_added":"{added}",'
        f'"completed_at":{quoted(completed)},"delta_state":"created","user_id":{user or "null"},'
        f'"available_refund_types":{REFUND_TYPES}}}'
    )
