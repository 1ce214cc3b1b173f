"""The generated shop: deterministic, quick, and with figures that look like a shop."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.sandbox import Clock, make_shop
from pipelines.sandbox.rhythm import is_holiday
from pipelines.sandbox.shop import Shop

END = "2026-11-23T13:00Z"
BERLIN = ZoneInfo("Europe/Berlin")
Records = list[dict[str, Any]]


@pytest.fixture(scope="module")
def year() -> Shop:
    """A year with 6,000 orders."""
    return make_shop(seed=7, orders=6000, days=365, end=END, clock=Clock(END, running=False))


@pytest.fixture(scope="module")
def records(year: Shop) -> Records:
    """Its orders without the documentation's two."""
    return [json.loads(order.payload) for order in year.orders.values() if not order.planted]


def local(record: dict[str, Any]) -> datetime:
    """When it was created, by the clock on the shop's wall."""
    return datetime.fromisoformat(record["time_added"]).astimezone(BERLIN)


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, second, other = (
        {key: order.payload for key, order in make_shop(seed, orders=200, end=END).orders.items()} for seed in (1, 1, 2)
    )

    assert first == second != other


def test_two_thousand_orders_take_well_below_a_second() -> None:
    began = time.process_time()
    shop = make_shop(orders=2000, end=END)

    assert time.process_time() - began < 1
    assert len(shop.orders) == 2002


def test_an_order_takes_about_as_many_bytes_as_a_real_one(year: Shop) -> None:
    sizes = [len(order.payload) for order in year.orders.values()]

    assert 1600 < sum(sizes) / len(sizes) < 2000


def test_every_line_keeps_the_arithmetic_of_the_api(records: Records) -> None:
    cent = Decimal("0.01")
    for record in records:
        for item in record["basket"]["items"]:
            rate = Decimal(item["tax_rate"])
            unit = (Decimal(item["price"]) * (1 + rate / 100)).quantize(cent, ROUND_HALF_UP)
            assert unit == Decimal(item["unit_gross_price"])
            line = (unit * Decimal(str(item["quantity"]))).quantize(cent, ROUND_HALF_UP)
            assert line == Decimal(item["gross_price"])


@pytest.mark.parametrize("in_prices", [True, False])
def test_payments_are_what_lines_and_shipping_cost(in_prices: bool) -> None:
    shop = make_shop(orders=1500, end=END, samples=False, discounts_in_prices=in_prices)
    explained = 0
    for order in shop.orders.values():
        record = json.loads(order.payload)
        if order.state == 1:
            continue
        paid = sum(Decimal(payment["payment_amount"]) for payment in record["payments"])
        assert paid == Decimal(record["amount_paid"])
        lines = sum(Decimal(item["gross_price"]) for item in record["basket"]["items"])
        explained += paid == lines + Decimal((record["shipment"] or {"cost": "0"})["cost"])
        assert all(Decimal(payment["payment_amount"]) >= 0 for payment in record["payments"])

    assert (explained == len(shop.orders) - sum(order.state == 1 for order in shop.orders.values())) is in_prices


def test_the_till_keeps_opening_hours(records: Records) -> None:
    times = [local(record) for record in records if record["channel"] == "ipad"]

    assert all(9 <= at.hour < 19 for at in times)
    assert not any(at.weekday() == 6 or is_holiday(at.date()) for at in times)
    assert all(at.hour < 16 for at in times if at.weekday() == 5)


def test_the_web_shop_never_closes(records: Records) -> None:
    times = [local(record) for record in records if record["channel"] != "ipad"]

    assert any(at.weekday() == 6 for at in times)
    assert any(at.hour < 6 for at in times)


def test_saturdays_and_december_are_busy(records: Records) -> None:
    weekdays = Counter(local(record).weekday() for record in records if record["channel"] == "ipad")
    months = Counter(local(record).month for record in records)

    assert weekdays.most_common(1)[0][0] == 5
    assert months.most_common(1)[0][0] == 12


def test_the_shop_shows_all_that_a_warehouse_must_handle(records: Records) -> None:
    states = Counter(bit for record in records for bit in range(10) if record["state"] >> bit & 1)
    items = [item for record in records for item in record["basket"]["items"]]

    assert {record["channel"] for record in records} == {
        "ipad", "shop", "ebay", "ece", "backoffice", "atalanda", "click_and_collect"
    }  # fmt: skip
    assert set(states) == set(range(10))
    assert {item["tax_rate"] for item in items} == {"19.000", "7.000", "0.000"}
    assert any(item["discount"] for item in items)
    assert {(record["basket"]["discount"] or {}).get("type") for record in records} == {None, "percent", "cash"}
    assert any(len(record["payments"]) == 2 for record in records)
    assert {payment["payment_method"] for record in records for payment in record["payments"]} == set("012346")
    assert {(record["shipment"] or {}).get("name") for record in records} == {None, "DHL Paket", "Abholung"}
    assert any(isinstance(item["quantity"], float) for item in items)
    assert 0.01 < sum(record["state"] & 16 > 0 for record in records) / len(records) < 0.04
    assert any(record["customer"] is None for record in records if record["channel"] == "ipad")


def test_few_products_sell_often_and_many_seldom(records: Records) -> None:
    sold = Counter(item["product"] for record in records for item in record["basket"]["items"])
    counts = sorted(sold.values(), reverse=True)

    assert sum(counts[:16]) > 0.3 * sum(counts)
    assert len(counts) > 140


def test_customers_come_again_but_none_owns_the_shop(records: Records) -> None:
    visits = Counter(record["customer"]["id"] for record in records if record["customer"])

    assert sum(count > 1 for count in visits.values()) > 0.5 * len(visits)
    assert max(visits.values()) < 0.05 * sum(visits.values())


def test_receipt_numbers_run_on_with_few_gaps(records: Records) -> None:
    numbers = sorted(
        int(record["basket"]["invoice_number"])
        for record in records
        if record["channel"] == "ipad" and record["basket"]["invoice_number"]
    )
    gaps = sum(after - before - 1 for before, after in pairwise(numbers))

    assert len(set(numbers)) == len(numbers)
    assert 0 < gaps < 15


def test_nothing_happens_after_the_end(year: Shop) -> None:
    end = datetime.fromisoformat(END).timestamp() * 1_000_000

    assert all(order.added <= order.modified <= end for order in year.orders.values())


def test_vat_was_lower_in_the_second_half_of_2020() -> None:
    shop = make_shop(orders=600, days=60, end="2020-07-31T20:00Z", samples=False)
    rates: dict[bool, set[str]] = {True: set(), False: set()}
    for order in shop.orders.values():
        record = json.loads(order.payload)
        rates[local(record).month == 7] |= {item["tax_rate"] for item in record["basket"]["items"]}

    assert rates == {True: {"16.000", "5.000", "0.000"}, False: {"19.000", "7.000", "0.000"}}


def test_channels_can_be_chosen() -> None:
    shop = make_shop(orders=100, end=END, samples=False, channels={"ipad": 1, "ebay": 1})

    assert {order.channel for order in shop.orders.values()} == {"ipad", "ebay"}
    with pytest.raises(ValueError, match="no channel kiosk"):
        make_shop(channels=["kiosk"])
