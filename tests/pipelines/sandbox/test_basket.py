"""POST /basket/."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.pipelines.sandbox.conftest import Get, ids

Post = Callable[[Any], requests.Response]
SAMPLE: dict[str, Any] = {
    "items": [
        {
            "price": 99,
            "product": 7890302,
            "quantity": 1,
            "discount": {"type": "percent", "amount": 0.5, "reason": 0},
        }
    ],
    "customer": 494,
    "note_internal": "internal note",
    "note_external": "external note",
    "discount": {"type": "cash", "amount": 0.5, "reason": 0},
}


@pytest.fixture
def post(sandbox: Sandbox) -> Post:
    """POST /basket/ as the documentation does it."""

    def send(basket: Any) -> requests.Response:
        headers = {"Authorization": f"Token {sandbox.access_token}", "X-Api-Version": "12"}
        return requests.post(f"{sandbox.base_url}/basket/", json=basket, headers=headers, timeout=2)

    return send


def test_the_documented_basket_becomes_a_draft_that_delta_returns(shop: Shop, post: Post, get: Get) -> None:
    answer = post(SAMPLE).json()

    assert {name: answer[name] for name in ("user", "customer", "state", "channel", "shipment", "description")} == {
        "user": 523,
        "customer": 494,
        "state": "01",
        "channel": 1,
        "shipment": None,
        "description": None,
    }
    assert answer["completed_at"].endswith("+01:00")
    assert answer["basket"] != answer["id"]
    (order,) = get("/orders/delta/", channel="ipad").json()["data"]
    assert (order["id"], order["state"], order["channel"]) == (answer["id"], 1, "ipad")
    assert (order["basket"]["note_internal"], order["basket"]["note_external"]) == ("internal note", "external note")
    assert (order["basket"]["invoice_number"], order["basket"]["receipt"], order["payments"]) == ("", None, [])
    assert order["basket"]["items"][0]["unit_gross_price"] == "58.40"  # 99 net, 19 %, half off, EUR 0.50 off
    assert ids(get("/orders/", start="2026.11.01 00:00:00", end="2026.11.02 00:00:00", channel="ipad")) == []


def test_a_draft_can_be_paid(shop: Shop, post: Post, get: Get) -> None:
    order_id = post(SAMPLE).json()["id"]
    shop.pay(order_id)

    (order,) = get("/orders/delta/", channel="ipad").json()["data"]

    assert order["state"] == 360
    assert order["amount_paid"] == order["payments"][0]["payment_amount"] == "58.4000000000"
    assert order["basket"]["invoice_number"] == "631"


def test_only_a_product_for_custom_sale_takes_the_price_that_is_sent(shop: Shop, post: Post) -> None:
    fixed = shop.products.named("Stirnlampe", 2995, 19_000)
    order_id = post({"items": [{"price": 1, "product": fixed.id, "quantity": 2}]}).json()["id"]

    assert '"unit_gross_price":"29.95"' in shop.payload(order_id)
    assert '"gross_price":"59.90"' in shop.payload(order_id)


REQUIRED = ["This field is required."]


@pytest.mark.parametrize(
    ("basket", "fields"),
    [
        pytest.param({}, {"items": REQUIRED}, id="no items"),
        pytest.param({"items": []}, {"items": ["This list may not be empty."]}, id="an empty list"),
        pytest.param(
            {"items": [{}]}, {"items": [dict.fromkeys(("price", "quantity", "product"), REQUIRED)]}, id="an empty item"
        ),
        pytest.param(
            {"items": [{"price": 1, "quantity": 0, "product": 7890302}]},
            {"items": [{"quantity": ["Ensure this value is greater than or equal to 1."]}]},
            id="quantity 0",
        ),
        pytest.param(
            {"items": [{"price": 1, "quantity": 1.5, "product": 7890302}]},
            {"items": [{"quantity": ["A valid integer is required."]}]},
            id="half a piece",
        ),
        pytest.param(
            {"items": [{"price": 1, "quantity": 1, "product": 1}]},
            {"items": [{"product": ['Invalid pk "1" - object does not exist.']}]},
            id="unknown product",
        ),
        pytest.param(
            SAMPLE | {"customer": 1}, {"customer": ['Invalid pk "1" - object does not exist.']}, id="unknown customer"
        ),
        pytest.param(
            SAMPLE | {"discount": {"amount": 1, "reason": 0, "type": "bogof"}},
            {"discount": [{"type": ['"bogof" is not a valid choice.']}]},
            id="unknown discount",
        ),
        pytest.param(
            SAMPLE | {"discount": {"type": "cash"}},
            {"discount": [{"amount": REQUIRED, "reason": REQUIRED}]},
            id="discount without amount",
        ),
    ],
)
def test_a_basket_that_makes_no_sense_is_refused_by_field(
    shop: Shop, post: Post, basket: Any, fields: dict[str, Any]
) -> None:
    answer = post(basket)

    assert answer.status_code == 400
    assert answer.json() == {
        "error": {"fields": fields, "description": "Serialization error", "key": "common.serializer_error"}
    }
    assert shop.orders == {}
