"""Client and protocol together, over real HTTP, while the shop trades and the network fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import ApiError
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.login import RotatingToken, StaticToken
from pipelines.inventorum.http.pages import OrderRow
from pipelines.inventorum.reading.protocol import Crawl, crawl
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.pipelines.inventorum.http.test_pages import NO_ORDERS, ODD_BUT_READABLE

ReadAll = Callable[..., tuple[dict[int, OrderRow], Crawl]]


@pytest.fixture
def shop() -> Shop:
    """300 orders at the till."""
    shop = Shop(clock=Clock("2026-11-20T08:00:00Z"))
    for minute in range(300):
        at = f"2026-11-20T{8 + minute // 60:02}:{minute % 60:02}:00Z"
        shop.sell("ipad", [("Wobbler", "6.99", 1)], at=at)
    return shop


@pytest.fixture
def server(shop: Shop) -> Iterator[Sandbox]:
    with Sandbox(shop) as server:
        yield server


@pytest.fixture(params=[0, 4], ids=["in order", "in threads"])
def read_all(request: pytest.FixtureRequest, server: Sandbox) -> Iterator[ReadAll]:
    executor = ThreadPoolExecutor(request.param) if request.param else None

    def read_all(**options: Any) -> tuple[dict[int, OrderRow], Crawl]:
        client = InventorumClient(
            server.base_url,
            options.pop("credentials", None) or StaticToken(server.access_token),
            requests_per_second=1000,
            sleep=lambda _: None,
        )
        reading = crawl(
            lambda page, limit: client.orders_delta(channel="ipad", page=page, limit=limit),
            executor=executor,
            **options,
        )
        return {row.order_id: row for answer in reading for row in answer.page.orders}, reading

    yield read_all
    if executor:
        executor.shutdown()


def everything(shop: Shop, ids: set[int]) -> dict[int, str]:
    return {order_id: shop.payload(order_id) for order_id in ids}


@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize("page_zero", ["400", "404", "empty", "repeat"])
@pytest.mark.parametrize("cap", [100, 40])
def test_every_habit_of_paging_is_understood(
    first_page: int, page_zero: Any, cap: int, shop: Shop, server: Sandbox, read_all: ReadAll
) -> None:
    server.switches.delta_first_page = first_page
    server.switches.page_zero = page_zero
    server.switches.delta_cap = cap
    server.switches.past_end = "404"
    rows, reading = read_all()
    assert len(rows) == reading.facts.distinct_ids == 300
    assert {order_id: bytes(row.payload).decode() for order_id, row in rows.items()} == everything(shop, set(rows))


def test_orders_that_change_between_requests_are_all_read(shop: Shop, server: Sandbox, read_all: ReadAll) -> None:
    ids = sorted(read_all()[0])

    def trade(request: Any) -> None:
        number = request.number
        shop.edit(ids[number * 37 % 300])
        shop.sell("ipad", [("Köder", "3.50", 2)])
        if number % 2:
            shop.remove(ids.pop(number * 11 % len(ids)))

    server.before_request(trade)
    rows, reading = read_all()
    server.clear_hooks()
    assert set(ids) <= set(rows)

    later, _ = read_all(cursor=reading.watermark, max_backstep=timedelta.max)
    assert {i: bytes(later[i].payload).decode() for i in ids} == everything(shop, set(ids))


FAULTS = ["429", "500", "503", "reset", "close", "cut", "broken_json", "html", "list", "empty_page", "no_date"]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_in_every_second_answer_loses_nothing(kind: str, server: Sandbox, read_all: ReadAll) -> None:
    for after in range(0, 12, 2):
        server.faults.push(kind, after=after)
    rows, _ = read_all()
    assert len(rows) == 300


@pytest.mark.parametrize("kind", ["503", "reset", "html"])
def test_a_fault_that_stays_fails_the_crawl(kind: str, server: Sandbox, read_all: ReadAll) -> None:
    server.before_request(lambda request: server.faults.push(kind) if request.number > 2 else None)
    with pytest.raises(ApiError, match=r"on try 6 of 6"):
        read_all()


def test_a_token_that_dies_in_the_middle_is_renewed_without_starting_over(
    server: Sandbox, read_all: ReadAll, tmp_path: Path
) -> None:
    server.switches.delta_cap = 40
    credentials = RotatingToken(
        server.client_id,
        server.client_secret,
        server.refresh_token,
        tmp_path / "token.json",
        base_url=server.base_url,
    )
    server.before_request(lambda request: server.tokens.expire() if request.number == 6 else None)
    rows, reading = read_all(credentials=credentials)
    assert len(rows) == 300
    assert reading.facts.restarts == 0
    assert server.tokens.refreshes == 2


@pytest.mark.parametrize("record", ODD_BUT_READABLE.values(), ids=ODD_BUT_READABLE.keys())
def test_an_odd_order_is_read_with_its_neighbours(record: bytes, shop: Shop, read_all: ReadAll) -> None:
    shop.raw("ipad", record)
    rows, reading = read_all()
    assert len(rows) == 301
    assert bytes(rows[2].payload) == record
    assert reading.facts.rejected == 0


@pytest.mark.parametrize("record", [case[0] for case in NO_ORDERS.values()], ids=NO_ORDERS.keys())
def test_what_is_no_order_does_not_keep_the_others_from_being_read(
    record: bytes, shop: Shop, read_all: ReadAll
) -> None:
    shop.raw("ipad", record)
    rows, reading = read_all()
    assert len(rows) == 300
    assert reading.facts.rejected >= 1
    assert reading.facts.complete


def test_the_payload_is_what_the_server_sent(shop: Shop, read_all: ReadAll) -> None:
    shop.add_samples()
    rows, _ = read_all()
    assert json.loads(bytes(rows[8791312].payload))["state"] == rows[8791312].state == 360
    assert bytes(rows[8791312].payload).decode() == shop.payload(8791312)
