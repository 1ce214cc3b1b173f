"""What happens in a shop, and what that does to an order's record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.sandbox.clock import Clock
from pipelines.sandbox.shop import Shop

WOBBLER = [("Wobbler", "6.99", 10)]


def order(shop: Shop, order_id: int) -> dict[str, Any]:
    """The order's record."""
    return dict(json.loads(shop.payload(order_id)))


@pytest.mark.parametrize(
    ("channel", "settings", "state"),
    [("ipad", {}, 360), ("shop", {}, 264), ("shop", {"paid": False}, 2), ("ipad", {"state": 1}, 1)],
)
def test_a_sale_has_the_state_of_its_channel(shop: Shop, channel: str, settings: Any, state: int) -> None:
    assert order(shop, shop.sell(channel, WOBBLER, **settings))["state"] == state


def test_an_order_goes_its_way_bit_by_bit(shop: Shop) -> None:
    web = shop.sell("shop", WOBBLER, paid=False, shipping="4.90")
    states = []
    for step in (shop.read, shop.pay, shop.ship, shop.deliver, shop.refund):
        step(web)
        states.append(order(shop, web)["state"])

    assert states == [514, 776, 808, 872, 888]
    assert len(shop.versions(web)) == 6


def test_a_cancelled_order_keeps_its_own_times(shop: Shop) -> None:
    till = shop.sell("ipad", WOBBLER, at="2026-11-02T10:00Z")
    before = order(shop, till)
    shop.cancel(till, at="2026-11-09T09:00Z")

    assert order(shop, till) == before | {"state": 364, "delta_state": "updated"}


def test_a_payment_completes_an_order_and_numbers_its_receipt(shop: Shop) -> None:
    web = shop.sell("shop", WOBBLER, paid=False, at="2026-11-02T10:00Z")
    before = order(shop, web)
    shop.pay(web, at="2026-11-04T12:30Z", payments=[("3", "20.00"), ("4", "49.90")])

    after = order(shop, web)

    assert (before["basket"]["invoice_number"], before["basket"]["receipt"]) == ("", None)
    assert after["basket"]["invoice_number"] == "WEB-1001"
    assert after["completed_at"] == "2026-11-04T12:30:00+00:00"
    assert [payment["payment_amount"] for payment in after["payments"]] == ["20.0000000000", "49.9000000000"]


@pytest.mark.parametrize(
    ("in_prices", "line", "paid"), [(True, "62.90", "62.9000000000"), (False, "69.90", "62.9100000000")]
)
def test_a_discount_is_in_the_prices_or_beside_them(in_prices: bool, line: str, paid: str) -> None:
    shop = Shop(discounts_in_prices=in_prices)
    record = order(shop, shop.sell("ipad", WOBBLER, discount=("percent", "0.1")))

    assert record["basket"]["items"][0]["gross_price"] == line
    assert record["amount_paid"] == paid
    assert record["basket"]["discount"]["amount"] == "0.1000000000"


def test_ids_ascend_and_the_samples_keep_theirs() -> None:
    shop = Shop(samples=True, clock=Clock("2017-01-20"))
    sold = [shop.sell("ipad", WOBBLER, at="2017-01-25T12:15:08Z") for _ in range(3)]

    assert sold == sorted(set(sold))
    assert not set(sold) & {5011967, 8791312}


def test_the_clock_follows_what_lies_ahead_and_ignores_what_is_past() -> None:
    shop = Shop(clock=Clock("2026-11-02T10:00:00Z", running=False))
    shop.sell("ipad", WOBBLER, at="2026-11-02T12:00Z")
    shop.sell("ipad", WOBBLER, at="2026-11-02T09:00Z")

    assert shop.clock.now().isoformat() == "2026-11-02T12:00:00+00:00"


def test_a_name_is_one_customer(shop: Shop) -> None:
    first, second = (order(shop, shop.sell("shop", WOBBLER, customer="Gesa Moosgruber")) for _ in range(2))

    assert first["customer"] == second["customer"]
    assert first["customer"]["billing_address"]["last_name"] == "Moosgruber"


def test_a_touched_order_is_sent_again_unchanged(shop: Shop) -> None:
    till = shop.sell("ipad", WOBBLER, at="2026-11-02T10:00Z")
    before, modified = shop.payload(till), shop.orders[till].modified
    shop.touch(till, at="2026-11-02T11:00Z")

    assert shop.payload(till) == before
    assert shop.orders[till].modified > modified


def test_a_removed_order_is_gone(shop: Shop) -> None:
    till = shop.sell("ipad", WOBBLER)
    shop.remove(till)

    assert till not in shop.orders
    assert len(shop.versions(till)) == 1


def test_an_unknown_channel_is_named(shop: Shop) -> None:
    with pytest.raises(ValueError, match="no channel 'kiosk'"):
        shop.sell("kiosk", WOBBLER)
