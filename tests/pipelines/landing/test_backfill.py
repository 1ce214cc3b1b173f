"""The history through /orders/, over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines import run
from pipelines.landing import backfill as history
from pipelines.landing import log as landing
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows

START = datetime(2026, 10, 1, tzinfo=UTC)
END = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def shop() -> Shop:
    """A month of trading, more than one answer holds."""
    return make_shop(seed=5, orders=400, days=31, end="2026-11-01T00:00:00Z", samples=False)


def listed(shop: Shop) -> set[int]:
    """Ids that /orders/ shows: no drafts, nothing of the back office."""
    return {key for key, order in shop.orders.items() if not order.state & 1 and order.channel != "backoffice"}


def test_a_backfill_brings_every_order_that_the_list_shows(shop: Shop, settings: Settings, rows: Rows) -> None:
    report = run.backfill(settings, START, END)

    assert report.exit_code == 0
    assert {order_id for (order_id,) in rows("select order_id from core.fct_orders")} == listed(shop)
    assert rows("select distinct _source from raw.orders", raw=True) == [("orders",)]


@pytest.mark.long
def test_a_finished_slice_is_not_read_again(sandbox: Sandbox, settings: Settings) -> None:
    run.backfill(settings, START, END)
    asked = len(sandbox.requests)
    run.backfill(settings, START, END)
    in_between = len(sandbox.requests) - asked
    run.backfill(settings, START, END, again=True)

    # what was created on the day of reading may still have grown, so its slices are read again
    assert in_between <= 6 < asked / 3
    assert len(sandbox.requests) - asked - in_between > asked / 2


@pytest.mark.long
def test_an_interrupted_backfill_goes_on_behind_the_last_package(
    shop: Shop, settings: Settings, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PACKAGE_ORDERS", 100)
    original = landing.load
    packages: list[object] = []

    def interrupted_at_the_third(*arguments: Any) -> Any:
        packages.append(arguments)
        if len(packages) == 3:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(landing, "load", interrupted_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run.backfill(settings, START, END)
    monkeypatch.setattr(landing, "load", original)
    landed = rows("select sum(row_count) from raw.windows where endpoint = 'orders'", raw=True)[0][0]
    assert 100 <= landed < 400
    run.backfill(settings, START, END)

    slices = rows("select channel, start_date, end_date, count(*) from raw.windows group by all", raw=True)
    assert {count for *_, count in slices} == {1}
    assert {order_id for (order_id,) in rows("select order_id from core.fct_orders")} == listed(shop)


@pytest.mark.long
def test_what_delta_knows_and_the_list_omits_stays(shop: Shop, settings: Settings, rows: Rows) -> None:
    run.sync(settings)
    known = "select order_id, user_id, version_count from core.fct_orders order by 1"
    before = rows(known)
    report = run.backfill(settings, START, END)

    assert report.orders_changed == 0
    after = {order_id: rest for order_id, *rest in rows(known)}
    assert all(after[order_id] == rest for order_id, *rest in before)
    assert {user for _, user, _ in before} != {None}


@pytest.mark.long
def test_a_backfill_of_the_future_is_read_again_later(shop: Shop, settings: Settings, rows: Rows) -> None:
    shop.clock.set("2026-11-01T00:00:00Z")
    run.backfill(settings, START, END + timedelta(days=3))
    late = shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    run.backfill(settings, START, END + timedelta(days=3))

    assert rows(f"select count(*) from core.fct_orders where order_id = {late}") == [(1,)]
