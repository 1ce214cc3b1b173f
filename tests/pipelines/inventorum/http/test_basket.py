"""What POST /basket/ is sent, and what it answers."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from pipelines.errors import SettingsError
from pipelines.inventorum.http.basket import (
    Basket,
    BasketCreated,
    BasketItem,
    Discount,
    encode_basket,
    read_basket,
    read_created,
)
from pipelines.inventorum.http.pages import BrokenBody

DOCUMENTED = b"""{
  "items": [{"price": 99, "product": 7890302, "quantity": 1,
             "discount": {"type": "percent", "amount": 0.5, "reason": 0}}],
  "customer": 494, "note_internal": "internal note", "note_external": "external note",
  "discount": {"type": "cash", "amount": 0.5, "reason": 0}
}"""


def test_the_documented_basket_is_sent_as_documented() -> None:
    basket = read_basket(DOCUMENTED)
    assert basket.items[0].price == Decimal(99)
    assert json.loads(encode_basket(basket)) == json.loads(DOCUMENTED)


@pytest.mark.parametrize("digits", ["15.99", "0.1", "100", "5.8739495798", "12345678901234567.89", "0.10"])
def test_money_leaves_as_a_number_with_the_digits_that_were_given(digits: str) -> None:
    written = encode_basket(Basket(items=[BasketItem(product=1, price=Decimal(digits), quantity=1)]))
    assert f'"price":{digits},'.encode() in written
    read = read_basket(b'{"items":[{"product":1,"quantity":1,"price":%b}]}' % digits.encode())
    assert str(read.items[0].price) == digits


WRONG = {
    "no items": (b'{"items":[]}', "the basket has no items"),
    "items missing": (b"{}", "items"),
    "quantity 0": (b'{"items":[{"product":1,"price":1,"quantity":0}]}', "quantity"),
    "quantity 1.5": (b'{"items":[{"product":1,"price":1,"quantity":1.5}]}', "quantity"),
    "price missing": (b'{"items":[{"product":1,"quantity":1}]}', "price"),
    "percent of 50": (
        b'{"items":[{"product":1,"price":1,"quantity":1,"discount":{"type":"percent","amount":50,"reason":0}}]}',
        "0.5 is 50 %",
    ),
    "negative discount": (
        b'{"items":[{"product":1,"price":1,"quantity":1}],"discount":{"type":"cash","amount":-1,"reason":0}}',
        "less than 0",
    ),
    "unknown type": (
        b'{"items":[{"product":1,"price":1,"quantity":1}],"discount":{"type":"gift","amount":1,"reason":0}}',
        "gift",
    ),
    "a misspelt member": (b'{"items":[{"product":1,"price":1,"quantity":1}],"custmer":5}', "custmer"),
    "no JSON": (b"items", "malformed"),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_basket_that_the_api_would_refuse_is_refused_before_it_is_sent(text: bytes, words: str) -> None:
    with pytest.raises(SettingsError, match="Nothing was sent") as caught:
        read_basket(text)
    assert words in str(caught.value)


@pytest.mark.parametrize("price", [0.1, "1", None, Decimal("NaN"), Decimal("Infinity"), 1])
def test_a_price_is_a_decimal(price: object) -> None:
    with pytest.raises(ValueError, match="the price of an item is not a decimal number"):
        BasketItem(product=1, price=price, quantity=1)  # type: ignore[arg-type]


def test_a_discount_without_a_type_is_sent_without_one() -> None:
    item = BasketItem(product=1, price=Decimal(1), quantity=1, discount=Discount(amount=Decimal(5), reason=0))
    assert json.loads(encode_basket(Basket(items=[item])))["items"][0]["discount"] == {"amount": 5, "reason": 0}


def test_the_documented_answer_is_read() -> None:
    created = read_created(
        b'{"id": 19663267, "user": 523, "customer": 494, "basket": 19664038, "state": "01", '
        b'"completed_at": "2020-02-18T15:48:38.038+01:00", "channel": 1, "shipment": null, "description": null}'
    )
    assert created == BasketCreated(
        id=19663267,
        basket=19664038,
        user=523,
        customer=494,
        state=1,
        channel=1,
        completed_at="2020-02-18T15:48:38.038+01:00",
    )


def test_odd_members_of_the_answer_become_none() -> None:
    answer = b'{"id":1,"state":"paid","channel":"shop","user":true,"completed_at":5,"new":[]}'
    assert read_created(answer) == BasketCreated(id=1, channel="shop")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id":"1"}', b'{"id":true}', b"<html>"])
def test_an_answer_without_an_order_id_is_broken(body: bytes) -> None:
    with pytest.raises(BrokenBody):
        read_created(body)
