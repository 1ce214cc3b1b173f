"""/orders/ against the warehouse, over real HTTP."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pipelines import run
from pipelines.progress import Silent
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows

WOBBLER = [("Wobbler", "6.99", 10)]


@pytest.fixture
def shop() -> Shop:
    """Sales of the last two days, by the real clock: reconcile compares the days up to today."""
    shop = Shop(clock=Clock())
    now = shop.clock.now()
    for hours in range(1, 41):
        shop.sell("ipad", items=WOBBLER, at=now - timedelta(hours=hours))
    return shop


@pytest.mark.long
def test_two_sides_that_agree_change_nothing(settings: Settings, rows: Rows) -> None:
    run.sync(settings)
    report = run.reconcile(settings, days=4)

    assert report.exit_code == 0
    assert {row["status"] for row in report.reconciliation} == {"agrees"}
    assert sum(row["listed_orders"] for row in report.reconciliation) == 40
    assert rows("select sum(known_gross_amount) from marts.reconciliation") == [(Decimal("2796.00"),)]


@pytest.mark.long
def test_an_order_that_no_crawl_brought_is_loaded_with_an_alarm(shop: Shop, settings: Settings, rows: Rows) -> None:
    run.sync(settings)
    late = shop.sell("ipad", items=WOBBLER, at=shop.clock.now() - timedelta(hours=20))  # behind the cursor
    assert run.sync(settings).orders_new == 0
    report = run.reconcile(settings, days=4)

    assert (report.exit_code, report.orders_new) == (1, 1)
    assert "OVERLAP" in report.message
    assert rows(f"select order_class from core.fct_orders where order_id = {late}") == [("sale",)]
    assert run.reconcile(settings, days=4).exit_code == 0


@pytest.mark.long
def test_an_order_that_is_gone_twice_a_day_apart_is_missing(shop: Shop, settings: Settings, rows: Rows) -> None:
    run.sync(settings)
    gone = min(shop.orders)
    shop.remove(gone)
    orders = f"select order_class, version_count from core.fct_orders where order_id = {gone}"

    run.reconcile(settings, days=4)
    assert rows(orders) == [("sale", 1)]
    shop.clock.advance(timedelta(hours=25))
    report = run.reconcile(settings, days=4)

    assert rows(orders) == [("missing", 2)]
    assert "count as missing" in report.message
    assert rows("select sum(gross_amount) from marts.sales_by_day") == [(Decimal("2726.10"),)]


@pytest.mark.long
def test_an_order_that_is_gone_twice_a_day_apart_is_missing_until_it_comes_back(
    shop: Shop, settings: Settings, rows: Rows
) -> None:
    run.sync(settings)
    gone = min(shop.orders)
    held = shop.payload(gone)
    shop.remove(gone)

    def seen() -> tuple[str, bool | None, int]:
        found = rows(
            "select orders.order_class, absences.is_missing, orders.version_count from core.fct_orders as orders "
            f"left join ops.fct_absences as absences using (account, order_id) where orders.order_id = {gone}"
        )
        return found[0]  # type: ignore[return-value]

    run.reconcile(settings, days=4)
    assert seen() == ("sale", False, 1)
    shop.clock.advance(timedelta(hours=2))
    run.reconcile(settings, days=4)
    assert seen() == ("sale", False, 1)
    shop.clock.advance(timedelta(hours=23))
    report = run.reconcile(settings, days=4)
    assert seen() == ("missing", True, 2)
    assert "count as missing" in report.message
    assert rows("select sum(gross_amount) from marts.sales_by_day") == [(Decimal("2726.10"),)]

    shop.raw("ipad", held, at=shop.clock.now())
    run.sync(settings)
    assert seen()[0] == "sale"
    run.reconcile(settings, days=4)
    assert seen() == ("sale", None, 3)
    assert rows("select sum(gross_amount) from marts.sales_by_day") == [(Decimal("2796.00"),)]
    full = run.build(settings, full=True)
    assert full.exit_code == 0
    assert seen() == ("sale", None, 3)


@pytest.mark.long
def test_a_list_that_lacks_a_day_is_not_believed(shop: Shop, settings: Settings, rows: Rows) -> None:
    run.sync(settings)
    yesterday = shop.clock.now() - timedelta(hours=20)
    for order_id, order in list(shop.orders.items()):
        if order.added < yesterday.timestamp() * 1_000_000:
            shop.remove(order_id)
    for _ in range(2):
        report = run.reconcile(settings, days=4)
        shop.clock.advance(timedelta(hours=25))

    assert "fault of the API" in report.message
    assert {row["status"] for row in report.reconciliation} == {"suspicious"}
    assert rows("select count(*) from ops.fct_absences") == [(0,)]
    assert rows("select count(*) from core.fct_orders where order_class = 'sale'") == [(40,)]


@pytest.mark.by_hand
@pytest.mark.long
@pytest.mark.parametrize(("sold", "gone", "noted"), [(2, 1, 1), (6, 2, 2), (6, 6, 0)])
def test_a_small_channel_may_lose_an_order_but_not_all_of_many(
    shop: Shop, settings: Settings, rows: Rows, sold: int, gone: int, noted: int
) -> None:
    for _ in range(100):
        shop.sell("ipad", items=WOBBLER)
    small = [shop.sell("ebay", items=WOBBLER) for _ in range(sold)]
    shop.clock.advance(timedelta(hours=1))
    run.sync(settings)
    for order_id in small[:gone]:
        shop.remove(order_id)
    shop.clock.advance(timedelta(hours=1))

    report = run.reconcile(settings, days=4)

    assert ("fault of the API" in report.message) == (noted == 0)
    assert rows("select count(*) from ops.fct_absences where channel = 'ebay'") == [(noted,)]


@pytest.mark.long
def test_an_order_that_is_sold_while_the_list_is_read_is_no_alarm(
    shop: Shop, sandbox: Sandbox, settings: Settings, rows: Rows
) -> None:
    sold: list[int] = []
    sandbox.before_request(
        lambda request: sold.append(shop.sell("ipad", items=WOBBLER)) if request.path.endswith("/api/orders/") else None
    )
    report = run.reconcile(settings, days=4)
    sandbox.clear_hooks()

    assert sold
    assert (report.exit_code, report.message) == (0, "")
    assert run.sync(settings).orders_new == len(sold)


@pytest.mark.long
def test_an_amount_that_no_column_holds_does_not_keep_the_days_from_being_compared(
    shop: Shop, settings: Settings
) -> None:
    added = shop.clock.now() - timedelta(hours=2)
    prices = ("1E+40", "NaN", "Infinity", "12345678901234567.00", "free")
    for number, price in enumerate(prices, 7):
        order = {"id": number, "state": 360, "channel": "ipad", "basket": {"items": [{"gross_price": price}]}}
        shop.raw("ipad", json.dumps(order | {"time_added": added.isoformat()}), at=added)
    report = run.reconcile(settings, days=4)

    assert report.exit_code == 0
    assert sum(row["listed_orders"] for row in report.reconciliation) == 40 + len(prices)


@pytest.mark.long
def test_drafts_and_pending_orders_are_no_difference(shop: Shop, settings: Settings) -> None:
    shop.sell("shop", items=WOBBLER, paid=False)
    shop.sell("shop", items=WOBBLER, state=1)
    report = run.reconcile(settings, days=4)

    assert report.exit_code == 0
    assert {row["status"] for row in report.reconciliation} == {"agrees"}


@pytest.mark.long
def test_the_days_are_the_shops(shop: Shop, settings: Settings, rows: Rows) -> None:
    report = run.reconcile(settings, days=4)

    days = {row["business_date"] for row in report.reconciliation}
    listed = {day for (day,) in rows("select distinct business_date from core.fct_orders")}
    assert days == listed
    assert all(isinstance(row["checked_at"], datetime) for row in report.reconciliation)


class Heard(Silent):
    """Remembers which steps were begun."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def update(self, task: str, done: int, total: int | None = None) -> None:
        if done == 0:
            self.begun.append(task)


@pytest.mark.long
def test_what_is_compared_stands_in_the_landing_log_and_is_built_and_published_once(
    shop: Shop, settings: Settings, rows: Rows
) -> None:
    run.sync(settings)
    shop.sell("ipad", items=WOBBLER, at=shop.clock.now() - timedelta(hours=20))  # behind the cursor
    shop.sell("ipad", items=WOBBLER)
    settings.files.warehouse.unlink()
    settings.files.build.unlink()
    progress = Heard()
    report = run.reconcile(settings, days=4, progress=progress)

    assert progress.begun.count("publish") == 1
    assert (report.exit_code, report.orders_new) == (1, 42)
    assert sum(row["missing_here"] for row in report.reconciliation) == 1
    assert sum(row["known_orders"] for row in report.reconciliation) == 41
    assert rows("select sum(missing_here), sum(listed_orders) from marts.reconciliation") == [(1, 42)]
    assert rows("select exit_code, orders_new from ops.runs where command = 'reconcile'") == [(1, 42)]


@pytest.mark.long
def test_an_order_whose_till_was_ahead_of_the_server_is_known_however_long_ago_it_was_read(
    shop: Shop, settings: Settings, rows: Rows
) -> None:
    now = shop.clock.now()
    shop.clock.set(now - timedelta(days=30))
    shop.raw("shop", json.dumps(order_of(7, now - timedelta(hours=5))), at=now - timedelta(days=31))
    run.sync(settings)
    shop.clock.set(now)
    report = run.reconcile(settings, days=2)

    assert (report.exit_code, report.message) == (0, "")
    assert rows("select count(*) from raw.orders where order_id = 7", raw=True) == [(1,)]
    assert [row["known_orders"] for row in report.reconciliation if row["channel"] == "shop"] == [1]


@pytest.mark.long
def test_the_two_sides_read_times_and_amounts_alike(shop: Shop, settings: Settings) -> None:
    now = shop.clock.now()
    for number, text in enumerate((f"{now:%Y-%m-%dT%H:%M:%S}", f"{now:%Y-%m-%dT%H:%M:%S}-11:00"), 7):
        odd = order_of(number, now) | {"time_added": text, "basket": {"items": [{"gross_price": "0.005"}] * 3}}
        shop.raw("shop", json.dumps(odd), at=now)
    shop.clock.advance(timedelta(hours=1))
    report = run.reconcile(settings, days=4)

    assert report.exit_code == 0
    assert all(row["listed_orders"] == row["known_orders"] for row in report.reconciliation)
    assert all(row["listed_gross_amount"] == row["known_gross_amount"] for row in report.reconciliation)


def order_of(number: int, added: datetime) -> dict[str, object]:
    return {"id": number, "state": 360, "time_added": added.isoformat(), "basket": {"items": []}}
