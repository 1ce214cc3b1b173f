"""`GET /orders/` by halving: every order, each slice one snapshot, nothing asked twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from pipelines.errors import ApiError, CrawlError
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.login import StaticToken
from pipelines.inventorum.http.pages import Answer, OrderRow, Page
from pipelines.inventorum.reading.slices import Slice, slices
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop

BERLIN = ZoneInfo("Europe/Berlin")
DAY = datetime(2026, 11, 23, tzinfo=UTC)


class Archive:
    """Orders by creation time, asked for by the clocks of the account, as the API does.

    Attributes:
        includes_end: Whether an order created in the very second of `end` matches.
        fold: Which of two repeated hours the server means.
    """

    def __init__(self, created: list[datetime], *, cap: int = 40, tz: tzinfo = BERLIN, fold: int = 0) -> None:
        self.created = sorted(created)
        self.cap = cap
        self.tz = tz
        self.fold = fold
        self.includes_end = True
        self.asked: list[tuple[datetime, datetime]] = []

    def __call__(self, start: datetime, end: datetime, page: int, limit: int) -> Answer:
        self.asked.append((start, end))
        low, high = (self._heard(moment) for moment in (start, end))
        rows = [
            number
            for number, at in enumerate(self.created)
            if low <= at and (at < high or (self.includes_end and at < high + timedelta(seconds=1)))
        ]
        limit = min(limit, self.cap)
        shown = rows[page * limit : (page + 1) * limit]
        orders = [OrderRow(number, "ipad", 0, Raw(b"{}"), "") for number in shown]
        return Answer(Page(len(rows), orders, [], list(shown)), DAY)

    def _heard(self, moment: datetime) -> datetime:
        """What is left of a time that is sent without its zone and in whole seconds."""
        wall = moment.astimezone(self.tz).replace(microsecond=0, fold=self.fold)
        return wall.astimezone(UTC)


def found(parts: list[Slice]) -> set[int]:
    return {row.order_id for part in parts for one in part.answers for row in one.page.orders}


@pytest.fixture(params=[None, 4], ids=["in order", "in threads"])
def options(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    if request.param is None:
        yield {}
        return
    with ThreadPoolExecutor(request.param) as executor:
        yield {"executor": executor}


@pytest.mark.parametrize("count", [0, 1, 40, 41, 1000])
@pytest.mark.parametrize("includes_end", [True, False])
def test_every_order_is_in_a_slice_that_is_one_snapshot(
    count: int, includes_end: bool, options: dict[str, Any]
) -> None:
    archive = Archive([DAY + timedelta(seconds=n * 80) for n in range(count)])
    archive.includes_end = includes_end
    parts = list(slices(archive, DAY, DAY + timedelta(days=1), tz=BERLIN, **options))

    assert found(parts) == set(range(count))
    assert all(not part.is_paged and len(part.answers) == 1 for part in parts)
    assert all(part.answers[0].page.total == len(part.answers[0].page.keys) <= 40 for part in parts)
    assert len(archive.asked) <= (1 if count <= 40 else 11 + count / 10)
    ordered = sorted(parts, key=lambda part: part.start)
    assert (ordered[0].start, ordered[-1].end) == (DAY, DAY + timedelta(days=1))
    assert all(left.end == right.start for left, right in itertools.pairwise(ordered))


def test_slices_that_are_done_are_not_asked_for_again(options: dict[str, Any]) -> None:
    archive = Archive([DAY + timedelta(seconds=n * 80) for n in range(1000)])
    whole = slices(archive, DAY, DAY + timedelta(days=1), tz=BERLIN, **options)
    first = [next(whole) for _ in range(10)]
    whole.close()  # type: ignore[attr-defined]
    archive.asked.clear()
    done = [(part.start.astimezone(BERLIN), part.end) for part in first]

    rest = list(slices(archive, DAY, DAY + timedelta(days=1), tz=BERLIN, done=done, **options))

    assert found(first) | found(rest) == set(range(1000))
    for start, end in archive.asked:
        assert not any(max(start, one.start) < min(end, one.end) for one in first)
    everything = [(part.start, part.end) for part in [*first, *rest]]
    assert list(slices(archive, DAY, DAY + timedelta(days=1), tz=BERLIN, done=everything)) == []


@given(
    times=st.lists(st.integers(0, 86_400), max_size=120),
    done=st.lists(st.tuples(st.integers(-100, 86_500), st.integers(0, 40_000)), max_size=4),
    cap=st.integers(4, 12),
)
def test_any_orders_and_any_finished_parts_make_a_whole(
    times: list[int], done: list[tuple[int, int]], cap: int
) -> None:
    archive = Archive([DAY + timedelta(seconds=second) for second in times], cap=cap)
    finished = [(DAY + timedelta(seconds=at), DAY + timedelta(seconds=at + length)) for at, length in done]
    end = DAY + timedelta(days=1)
    parts = list(slices(archive, DAY, end, tz=BERLIN, cap=cap, done=finished))

    covered = found(parts) | {
        number for number, at in enumerate(archive.created) if any(low <= at <= high for low, high in finished)
    }
    assert covered == set(range(len(times)))


@pytest.mark.parametrize("cap", [10, 20, 39])
def test_a_lower_cap_than_asked_is_halved_further(cap: int, options: dict[str, Any]) -> None:
    archive = Archive([DAY + timedelta(seconds=n * 80) for n in range(1000)], cap=cap)
    parts = list(slices(archive, DAY, DAY + timedelta(days=1), tz=BERLIN, **options))
    assert found(parts) == set(range(1000))


@pytest.mark.parametrize("count", [41, 80, 200])
@pytest.mark.parametrize("cap", [40, 15])
def test_a_second_with_too_many_orders_is_read_page_by_page(count: int, cap: int, options: dict[str, Any]) -> None:
    archive = Archive([DAY + timedelta(hours=3)] * count + [DAY + timedelta(hours=7)], cap=cap)
    parts = list(slices(archive, DAY, DAY + timedelta(days=1), tz=BERLIN, **options))
    assert found(parts) == set(range(count + 1))
    paged = [part for part in parts if part.is_paged]
    assert paged
    assert all(part.end - part.start == timedelta(seconds=1) for part in paged)


def test_pages_of_a_full_second_that_do_not_meet_are_no_result() -> None:
    class Restless(Archive):
        def __call__(self, start: datetime, end: datetime, page: int, limit: int) -> Answer:
            one = super().__call__(start, end, page, limit)
            if page:
                rows = [OrderRow(10**6 * len(self.asked) + n, "ipad", 0, Raw(b"{}"), "") for n in range(limit)]
                return Answer(Page(one.page.total, rows, [], [row.order_id for row in rows]), DAY)
            return one

    with pytest.raises(CrawlError, match="too many for one answer and their pages do not meet"):
        list(slices(Restless([DAY] * 100), DAY, DAY + timedelta(seconds=1), tz=BERLIN))


@pytest.mark.parametrize("cut", [1, 3])
def test_an_answer_that_was_cut_is_asked_for_again(cut: int) -> None:
    archive = Archive([DAY + timedelta(seconds=n * 80) for n in range(30)])

    def fetch(start: datetime, end: datetime, page: int, limit: int) -> Answer:
        one = archive(start, end, page, limit)
        if len(archive.asked) < cut:
            return Answer(one.page._replace(orders=one.page.orders[:5], keys=one.page.keys[:5]), DAY)
        return one

    assert found(list(slices(fetch, DAY, DAY + timedelta(days=1), tz=BERLIN))) == set(range(30))


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize("day", ["2026-10-25", "2026-03-29"], ids=["autumn", "spring"])
@pytest.mark.parametrize("hours", [(0, 24), (0, 1), (1, 3), (2, 4)], ids=str)
def test_the_night_in_which_clocks_change_loses_no_order(fold: int, day: str, hours: tuple[int, int]) -> None:
    midnight = datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(hours=1)
    start, end = (midnight + timedelta(hours=hour) for hour in hours)
    archive = Archive([midnight + timedelta(seconds=n * 61) for n in range(1400)], fold=fold)
    parts = list(slices(archive, start, end, tz=BERLIN))
    assert {n for n, at in enumerate(archive.created) if start <= at <= end} <= found(parts)


def test_times_between_seconds_are_widened() -> None:
    archive = Archive([DAY + timedelta(milliseconds=n * 100) for n in range(30)])
    start, end = DAY + timedelta(milliseconds=1050), DAY + timedelta(milliseconds=1950)
    assert found(list(slices(archive, start, end, tz=UTC))) >= set(range(11, 20))


def test_a_fault_is_passed_on(options: dict[str, Any]) -> None:
    def fetch(start: datetime, end: datetime, page: int, limit: int) -> Answer:
        raise ApiError("the network failed")

    with pytest.raises(ApiError, match="the network failed"):
        list(slices(fetch, DAY, DAY + timedelta(days=1), tz=BERLIN, **options))


def test_a_shop_is_read_from_its_own_api() -> None:
    shop = Shop(clock=Clock("2026-10-26T08:00:00Z"))
    for minute in range(130):
        shop.sell("ipad", [("Wobbler", "6.99", 1)], at=f"2026-10-25T{minute // 60:02}:{minute % 60:02}:00Z")
    with Sandbox(shop) as server:
        client = InventorumClient(server.base_url, StaticToken(server.access_token), requests_per_second=1000)
        parts = list(
            slices(
                lambda start, end, page, limit: client.orders(
                    start, end, tz=BERLIN, channel="ipad", page=page + 1, limit=limit
                ),
                datetime(2026, 10, 24, tzinfo=UTC),
                datetime(2026, 10, 26, tzinfo=UTC),
                tz=BERLIN,
            )
        )
        everything = {key for page in (0, 1) for key in client.orders_delta(channel="ipad", page=page).page.keys}
    assert found(parts) == everything
    assert len(everything) == 130
