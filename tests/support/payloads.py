"""Payloads of single orders: the two that the API's documentation prints, and one to vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.support.warehouse import Warehouse
from transforms.runner.build import Rules

PAGE_SALE = """{
    "id": 8791312,
    "basket": {
        "note_internal": null,
        "note_external": null,
        "items": [
            {
                "id": 17311484,
                "name": "YAD Smart Wobbler 60mm",
                "discount": null,
                "original_quantity": "10.00",
                "price": "5.8739495798",
                "product": 2195273,
                "quantity": 10,
                "tax_rate": "19.000",
                "gross_price": "69.90",
                "unit_gross_price": "6.99",
                "product_code": "72060235"
            }
        ],
        "discount": null,
        "receipt": {
            "pdf": "http://app.inventorum.com/uploads/invoices/11/Inventorum-Workshop_-630.pdf",
            "image_width": 576,
            "image_height": 2237,
            "image": "http://app.inventorum.com/uploads/invoices/1/Inventorum-Workshop_-630.png"
        },
        "invoice_number": "630"
    },
    "state": 360,
    "customer": null,
    "amount_paid": "138.6000000000",
    "payments": [
        {
            "id": 8210484,
            "payment_method": "0",
            "payment_amount": "138.6000000000",
            "date": "2017-12-12T14:49:26+00:00",
            "transaction_id": null,
            "transaction_duration": null,
            "paypal_invoice_id": null,
            "paypal_tab_id": null,
            "external_payment_method": null
        }
    ],
    "shipment": null,
    "channel": "ipad",
    "time_added": "2017-12-12T14:49:22+00:00",
    "completed_at": "2017-12-12T14:49:22+00:00",
    "delta_state": "created",
    "user_id": 1959,
    "available_refund_types": ["0", "6", "1", "3", "2"]
}"""

PAGE_PENDING = """{
    "id": 5011967,
    "basket": {
        "note_internal": null,
        "note_external": null,
        "items": [
            {
                "id": 9906372,
                "name": "00001 Club Mate",
                "discount": null,
                "original_quantity": "1.00",
                "price": "4.2016806723",
                "product": 5977221,
                "quantity": 1,
                "tax_rate": "19.000",
                "gross_price": "5.00",
                "unit_gross_price": "5.00",
                "product_code": null
            }
        ],
        "discount": null,
        "receipt": null,
        "invoice_number": ""
    },
    "state": 2,
    "customer": {
        "id": 408367,
        "channel": 4,
        "email": "paulschmidt@inventorum.com",
        "title": "Mr.",
        "first_name": "Paul",
        "middle_name": null,
        "last_name": "Schmidt",
        "billing_address": {
            "country": "DE",
            "id": 471652,
            "address1": "Danziger Str 100b",
            "address2": "",
            "zipcode": "10405",
            "city": "Berlin",
            "state": null,
            "first_name": "Paul",
            "last_name": "Schmidt",
            "company": null,
            "title": null
        },
        "shipping_address": [
            {
                "country": "DE",
                "id": 471653,
                "address1": "Danziger Str 100b",
                "address2": "",
                "zipcode": "10405",
                "city": "Berlin",
                "state": null,
                "first_name": "Paul",
                "last_name": "Schmidt",
                "company": "",
                "title": ""
            }
        ]
    },
    "amount_paid": "5.0000000000",
    "payments": [
        {
            "id": 4573521,
            "payment_method": "6",
            "payment_amount": "5.0000000000",
            "date": "2017-01-25T12:19:21+00:00",
            "transaction_id": null,
            "transaction_duration": null,
            "paypal_invoice_id": null,
            "paypal_tab_id": null,
            "external_payment_method": null
        }
    ],
    "shipment": {
        "id": 9169,
        "name": "Abholung",
        "tracking_number": null,
        "cost": "0E-10",
        "external_key": null,
        "service": {
            "id": 22099,
            "name": "Abholung",
            "time_max": 0,
            "time_min": 0
        }
    },
    "channel": "shop",
    "time_added": "2017-01-25T12:15:08+00:00",
    "completed_at": "2017-01-25T12:19:37+00:00"
}"""


def line(item_id: int = 1, gross: Any = "10.00", **more: Any) -> dict[str, Any]:
    """A line of one piece that costs 10.00 at 19 %, unless told otherwise."""
    return {
        "id": item_id,
        "name": f"Product {item_id}",
        "discount": None,
        "original_quantity": "1.00",
        "price": "8.4033613445",
        "product": 100 + item_id,
        "quantity": 1,
        "tax_rate": "19.000",
        "gross_price": gross,
        "unit_gross_price": gross,
        "product_code": f"P{item_id}",
    } | more


def payment(payment_id: int = 1, amount: Any = "10.0000000000", **more: Any) -> dict[str, Any]:
    """10.00 in cash, unless told otherwise."""
    return {
        "id": payment_id,
        "payment_method": "0",
        "payment_amount": amount,
        "date": "2026-10-20T10:00:00+00:00",
        "transaction_id": None,
        "external_payment_method": None,
    } | more


def sale(order_id: int = 1, **more: Any) -> dict[str, Any]:
    """A completed till sale of one line of 10.00; `more` may name members of the basket too."""
    basket = {
        "note_internal": None,
        "note_external": None,
        "items": [line()],
        "discount": None,
        "receipt": {"pdf": f"http://shop/{order_id}.pdf"},
        "invoice_number": str(order_id),
    }
    basket |= {name: more.pop(name) for name in list(more) if name in basket}
    return {
        "id": order_id,
        "basket": basket,
        "state": 360,
        "customer": None,
        "amount_paid": "10.0000000000",
        "payments": [payment()],
        "shipment": None,
        "channel": "ipad",
        "time_added": "2026-10-20T09:59:00+00:00",
        "completed_at": "2026-10-20T10:00:00+00:00",
        "user_id": 7,
    } | more


Ask = Callable[..., list[tuple[Any, ...]]]


def one_warehouse_of(cases: Mapping[str, Any], folder: Any, rules: Rules | None = None) -> Ask:
    """Build all cases at once, since a build costs far more than an order; then ask for one by its name.

    A case is an order or the text of a payload, whose id is written `"id": 1`.
    """
    warehouse = Warehouse(folder, rules or Rules())
    numbers = {name: number for number, name in enumerate(cases, 1)}
    warehouse.load([_numbered(case, numbers[name]) for name, case in cases.items()])

    def ask(name: str, columns: str, table: str = "core.fct_orders") -> list[tuple[Any, ...]]:
        where = f"where order_id = {numbers[name]}"
        return warehouse.rows(f"select {columns} from {table} {where} order by all")

    return ask


def _numbered(case: Any, number: int) -> Any:
    return case.replace('"id": 1', f'"id": {number}', 1) if isinstance(case, str) else case | {"id": number}
