"""A shop in memory whose orders change before every request, and a loader that reads it crawl by crawl."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from msgspec import Raw

from pipelines.errors import ApiError, RequestRefused
from pipelines.inventorum.http.pages import Answer, OrderRow, Page
from pipelines.inventorum.reading.page_ranges import PageRange
from pipelines.inventorum.reading.protocol import Crawl, crawl

T = TypeVar("T")
Mutation = tuple[Any, ...]

EPOCH = datetime(2026, 11, 23, 8, tzinfo=UTC)
LAG = timedelta(seconds=4)
OVERLAP = timedelta(seconds=10)
CAP = 10


@dataclass
class Order:
    version: int
    modified: datetime


@dataclass
class ModelShop:
    """Orders with the time at which the server says that they changed.

    Attributes:
        now: The server's clock.
        pending: Writes that are not visible yet: (visible at, id, modified).
        cap: Rows that one answer brings at most, however many are asked for.
        first_page: Number of the first page.
        total_error: Added to each `total`.
        schedule: Mutations before the next requests.
    """

    now: datetime = EPOCH
    cap: int = CAP
    first_page: int = 0
    total_error: int = 0
    orders: dict[int, Order] = field(default_factory=dict)
    pending: list[tuple[datetime, int, datetime]] = field(default_factory=list)
    schedule: list[list[Mutation]] = field(default_factory=list)
    fail_at: int | None = None
    requests: int = 0
    next_id: int = 100
    latest: datetime = EPOCH
    gone: set[int] = field(default_factory=set)

    def mutate(self, mutation: Mutation) -> None:
        """Apply one change: its name and its arguments."""
        name, *arguments = mutation
        getattr(self, name)(*arguments)

    def create(self, count: int = 1) -> None:
        for _ in range(count):
            self._write(self._new_id())
            self.wait(0.001)

    def edit(self, number: int) -> None:
        if self.orders:
            self._write(self._pick(number))

    def remove(self, number: int, count: int = 1) -> None:
        for _ in range(min(count, len(self.orders))):
            order_id = self._pick(number)
            del self.orders[order_id]
            self.pending = [write for write in self.pending if write[1] != order_id]
            self.gone.add(order_id)

    def burst(self, count: int) -> None:
        """Many changes in one millisecond: every other one a new order."""
        for number in range(count):
            self._write(self._new_id()) if number % 2 else self.edit(number * 7)

    def late_edit(self, number: int, delay: float) -> None:
        """A change that becomes visible later than its modification time says."""
        if self.orders:
            self._write(self._pick(number), delay)

    def late_create(self, delay: float) -> None:
        self._write(self._new_id(), delay)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self._show(self.now)

    def jump(self, seconds: float) -> None:
        """The clock is set, forward or back; what was written is visible by then.

        Never further back than LAG in all: beyond that, a change is only noticed to be missing by a crawl that
        happens to run meanwhile (it stops), or by comparing with /orders/.
        """
        self._show(datetime.max.replace(tzinfo=UTC))
        self.latest = max(self.latest, self.now)
        self.now = max(self.now + timedelta(seconds=seconds), self.latest - LAG)

    def fetch(self, start: datetime | None, page: int, limit: int, order: str = "id") -> Answer:
        """One answer; mutations that are due happen before it."""
        self.requests += 1
        self.wait(0.05)
        for mutation in self.schedule.pop(0) if self.schedule else []:
            self.mutate(mutation)
        if self.fail_at is not None and self.requests >= self.fail_at:
            raise ApiError("the network failed")
        if page < self.first_page:
            raise RequestRefused("no such page", status=404)
        rows = [(order_id, o) for order_id, o in self.orders.items() if start is None or o.modified >= start]
        rows.sort(key=(lambda row: row[0]) if order == "id" else (lambda row: (row[1].modified, row[0])))
        limit = min(limit, self.cap)
        offset = (page - self.first_page) * limit
        shown = [
            OrderRow(order_id, "ipad", 0, Raw(b"%d" % order.version), "")
            for order_id, order in rows[offset : offset + limit]
        ]
        page_of = Page(max(0, len(rows) + self.total_error), shown, [], [row.order_id for row in shown])
        return Answer(page_of, self.now.replace(microsecond=0))

    def _new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def _pick(self, number: int) -> int:
        return sorted(self.orders)[number % len(self.orders)]

    def _write(self, order_id: int, delay: float = 0.0) -> None:
        self.pending.append((self.now + timedelta(seconds=delay), order_id, self.now))
        self._show(self.now)

    def _show(self, until: datetime) -> None:
        for write in sorted(write for write in self.pending if write[0] <= until):
            self.pending.remove(write)
            _, order_id, modified = write
            version = self.orders[order_id].version + 1 if order_id in self.orders else 1
            self.orders[order_id] = Order(version, modified)


Reader = Callable[["Loader"], Iterable[Answer]]


@dataclass
class Loader:
    """What a warehouse knows of the shop; only complete crawls count."""

    shop: ModelShop
    read: Reader
    stored: dict[int, int] = field(default_factory=dict)
    cursor: datetime | None = None
    crawl: Crawl | None = None
    _newest: dict[int, int] = field(default_factory=dict)

    def load(self) -> bool:
        """One crawl; whether it was complete and its rows and cursor were stored.

        Whatever was visible when it began, and stayed, must be stored in that version or a later one.
        """
        self.shop.requests = 0
        before = {order_id: order.version for order_id, order in self.shop.orders.items()}
        since = self.start
        owed = {i: v for i, v in before.items() if since is None or self.shop.orders[i].modified >= since}
        fresh: dict[int, int] = {}
        try:
            for answer in self.read(self):
                seen = {row.order_id: int(bytes(row.payload)) for row in answer.page.orders}
                fresh |= seen
                for order_id, version in seen.items():
                    self._newest[order_id] = max(version, self._newest.get(order_id, 0))
        except ApiError:
            self._newest = dict(self.stored)
            return False
        lost = {i for i, v in owed.items() if i in self.shop.orders and self._newest.get(i, 0) < v}
        assert not lost, f"orders {sorted(lost)} matched throughout, but were not read"
        self.stored |= fresh
        if self.crawl is not None:
            assert self.crawl.facts.complete
            self.cursor = self.crawl.watermark
        return True

    @property
    def start(self) -> datetime | None:
        return None if self.cursor is None else self.cursor - OVERLAP

    def settle(self) -> None:
        """The shop is quiet, one more crawl: now the store must equal the shop, and stay so."""
        self.shop.schedule.clear()
        self.shop.fail_at = None
        self.shop.total_error = 0
        self.shop.wait((LAG + OVERLAP).total_seconds())
        for _ in range(100):
            if self.load():
                break
            self.shop.wait(1)
        truth = {order_id: order.version for order_id, order in self.shop.orders.items()}
        known = {order_id: version for order_id, version in self.stored.items() if order_id in truth}
        assert known == truth, f"orders {sorted(i for i in truth if known.get(i) != truth[i])} are lost or stale"
        before = dict(self.stored)
        self.shop.wait(2)  # a clock that was set back may just have caught up, and Date has whole seconds
        assert self.load()
        assert self.stored == before


def by_windows(loader: Loader) -> Iterator[Answer]:
    """The protocol, one request after the other."""
    return _crawl(loader)


def by_windows_in_parallel(picks: list[int]) -> Reader:
    """The protocol with windows answered, and their answers received, in an order that `picks` gives."""
    return lambda loader: _crawl(loader, gather=shuffled(picks))


def by_plain_pages(loader: Loader) -> Iterator[Answer]:
    """What the protocol replaces: page after page in the API's own order, until one is short.

    Base and cap of the pages are given, so that whatever is lost is lost to the changes in between.
    """
    start, page, limit, began = loader.start, loader.shop.first_page, loader.shop.cap, None
    while True:
        answer = loader.shop.fetch(start, page, limit, order="modified")
        began = began or answer.date
        yield answer
        if len(answer.page.keys) < limit:
            loader.cursor = began
            return
        page += 1


def _crawl(loader: Loader, **options: Any) -> Iterator[Answer]:
    start = loader.start
    loader.crawl = crawl(
        lambda page, limit: loader.shop.fetch(start, page, limit),
        cap=CAP,
        cursor=loader.cursor,
        max_backstep=OVERLAP / 2,
        **options,
    )
    return iter(loader.crawl)


def shuffled(picks: list[int], outstanding: int = 4) -> Any:
    """A deterministic executor: which window is asked next, and which answer arrives next, is given."""

    def gather(fetch: Callable[[PageRange], T], page_ranges: Iterator[PageRange]) -> Generator[T, None, None]:
        asked: list[PageRange] = []
        arrived: list[T] = []
        number = 0

        def pick(count: int) -> int:
            nonlocal number
            number += 1
            return picks[number % len(picks)] % count if picks else 0

        while True:
            while len(asked) + len(arrived) < outstanding and (page_range := next(page_ranges, None)) is not None:
                asked.append(page_range)
            if asked and (not arrived or pick(2)):
                arrived.append(fetch(asked.pop(pick(len(asked)))))
            elif arrived:
                yield arrived.pop(pick(len(arrived)))
            else:
                return

    return gather
