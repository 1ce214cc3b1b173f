"""POST /basket/: what it refuses, and the order that it leaves behind."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.sandbox.amounts import rounded
from pipelines.sandbox.payload import DRAFT, Discount, Line
from pipelines.sandbox.shop import Shop

CHECKOUT_USER = 523
REQUIRED = "This field is required."
WHOLE = "A valid integer is required."
Problems = dict[str, list[Any]]


def read_basket(body: bytes, shop: Shop) -> tuple[dict[str, Any], Problems]:
    """The basket of a request, and what is wrong with it by field, in the API's words.

    Raises:
        ValueError: The body is no JSON object.
    """
    basket = json.loads(body, parse_float=Decimal)
    if not isinstance(basket, dict):
        raise ValueError("Expected a JSON object.")  # noqa: TRY004  # one kind of fault for the caller
    problems: Problems = {}
    items = basket.get("items")
    if items is None:
        problems["items"] = [REQUIRED]
    elif not isinstance(items, list):
        problems["items"] = [f'Expected a list of items but got type "{type(items).__name__}".']
    elif not items:
        problems["items"] = ["This list may not be empty."]
    else:
        of_items = [_item_problems(item, shop) for item in items]
        if any(of_items):
            problems["items"] = of_items
    for name in ("note_internal", "note_external"):
        if not isinstance(basket.get(name), str | None):
            problems[name] = ["Not a valid string."]
    customer = basket.get("customer")
    if customer is not None and customer not in shop.customers:
        problems["customer"] = [f'Invalid pk "{customer}" - object does not exist.']
    problems |= _discount_problems(basket)
    return basket, problems


def check_out(basket: dict[str, Any], shop: Shop) -> dict[str, Any]:
    """Adds the order of a valid basket, a draft of the till, and says what the API answers."""
    order_id = shop.sell(
        "ipad",
        [_line(item, shop) for item in basket["items"]],
        customer=basket.get("customer"),
        payments=(),
        discount=_discount(basket),
        state=DRAFT,
        note=basket.get("note_external"),
        note_internal=basket.get("note_internal"),
        user=CHECKOUT_USER,
    )
    now = shop.clock.now().astimezone(ZoneInfo(shop.timezone))
    return {
        "id": order_id,
        "user": CHECKOUT_USER,
        "customer": basket.get("customer"),
        "basket": order_id + 771,
        "state": "01",
        "completed_at": now.isoformat(timespec="milliseconds"),
        "channel": 1,
        "shipment": None,
        "description": None,
    }


def _item_problems(item: Any, shop: Shop) -> Problems:
    if not isinstance(item, dict):
        return {"non_field_errors": ["Invalid data. Expected a dictionary."]}
    problems: Problems = {name: [REQUIRED] for name in ("price", "quantity", "product") if item.get(name) is None}
    if "price" not in problems and not _is_number(item["price"]):
        problems["price"] = ["A valid number is required."]
    if "quantity" not in problems:
        if not _is_whole(item["quantity"]):
            problems["quantity"] = [WHOLE]
        elif item["quantity"] < 1:
            problems["quantity"] = ["Ensure this value is greater than or equal to 1."]
    if "product" not in problems and shop.products.get(item["product"]) is None:
        problems["product"] = [f'Invalid pk "{item["product"]}" - object does not exist.']
    if not isinstance(item.get("name"), str | None):
        problems["name"] = ["Not a valid string."]
    return problems | _discount_problems(item)


def _discount_problems(part: dict[str, Any]) -> Problems:
    discount = part.get("discount")
    if discount is None:
        return {}
    if not isinstance(discount, dict):
        return {"discount": ["Invalid data. Expected a dictionary."]}
    problems: Problems = {name: [REQUIRED] for name in ("amount", "reason") if discount.get(name) is None}
    if "amount" not in problems and not (_is_number(discount["amount"]) and discount["amount"] >= 0):
        problems["amount"] = ["A valid number is required."]
    if "reason" not in problems and not _is_whole(discount["reason"]):
        problems["reason"] = [WHOLE]
    if discount.get("type", "percent") not in ("percent", "cash"):
        problems["type"] = [f'"{discount["type"]}" is not a valid choice.']
    elif not problems and discount.get("type") != "cash" and discount["amount"] > 1:
        problems["amount"] = ["Ensure this value is less than or equal to 1."]
    return {"discount": [problems]} if problems else {}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, Decimal) and value.is_finite())


def _line(item: dict[str, Any], shop: Shop) -> Line:
    """The line that the server stores: the product's own price unless it is sold at any price."""
    product = shop.products.get(item["product"])
    assert product is not None, "the basket was not validated"
    unit_gross = product.unit_gross
    if product.custom_sale:
        unit_gross = rounded(int(Decimal(item["price"]) * 10**6) * (100_000 + product.rate), 10**9)
    return Line(
        item.get("name") or product.name,
        unit_gross,
        str(item["quantity"]),
        product.rate,
        product.id,
        product.code,
        _discount(item),
    )


def _discount(part: dict[str, Any]) -> Discount | None:
    discount = part.get("discount")
    if discount is None:
        return None
    return Discount(discount.get("type", "percent"), f"{Decimal(discount['amount']):f}", discount["reason"])
