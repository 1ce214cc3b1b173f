"""The laws of the books (DESIGN 5.5) over random histories: many shops as accounts of one warehouse, load by load."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.effort import of_many
from tests.support.landing_file import Load
from tests.support.oracle_books import Books, keep_books, reads_and_crawls
from tests.support.warehouse import Warehouse, item, order
from transforms.runner.build import Rules

SHOPS, LOADS = of_many(12, 100), 7
BEGIN = datetime(2026, 10, 28, 9, tzinfo=UTC)  # three days before a month ends
CHANNELS = ("ipad", "shop", "ebay")
REFUNDED, CANCELED, READ, OPEN, SOLD = 16, 4, 512, 2, 360
GOODS = (
    "select account, order_id, kind, booking_date, business_date, channel, tax_rate, order_count, quantity, "
    "gross_amount, shipping_gross_amount, observed_until_at from core.fct_bookings"
)
PAYMENTS = (
    "select account, order_id, kind, booking_date, channel, payment_method, paid_date, payment_count, payment_amount, "
    "observed_until_at from core.fct_payment_bookings"
)
CLOSED = "select account, channel, closed_from_date, closed_through_date from marts.freshness"
KNOWN = (
    "select account, business_date, channel, sum(gross_amount) from marts.sales_by_day where gross_amount <> 0 "
    "group by all"
)
AS_OF = """
select account, business_date, channel, sum(gross_amount) from core.fct_bookings
where kind <> 'refund' and observed_until_at <= (
    select max(last_watermark) from ops.fct_loads as loads where loads.account = fct_bookings.account
    and loads.load_id <= '{load_id}'
)
group by all having sum(gross_amount) <> 0
"""


@dataclass
class Shop:
    """A shop whose orders change, and a loader that reads one or more of its channels at a time."""

    dice: random.Random
    account: str
    now: datetime = BEGIN
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    read_until: dict[str, int] = field(default_factory=dict)
    clock: int = 0
    start: datetime | None = None
    loads: list[Load] = field(default_factory=list)

    def live(self) -> Load:
        """Some hours or days of trade, and then a load."""
        for _ in range(self.dice.choice((0, 2, 4, 6))):
            self.now += timedelta(minutes=self.dice.choice((1, 40, 300, 900)))
            self._trade()
        self.now += timedelta(minutes=self.dice.choice((1, 20, 600, 2000)))
        load = self._backfill() if self.dice.random() < 0.2 else self._crawl()
        self.loads.append(load)
        return load

    def _trade(self) -> None:
        self.clock += 1
        if len(self.orders) < 2 or self.dice.random() < 0.4:
            key = len(self.orders) + 1
            self.orders[key] = self._ring_up(key)
        else:
            key = self.dice.choice(list(self.orders))
            self.orders[key] = self._change(self.orders[key])
        self.changed[key] = self.clock

    def _ring_up(self, key: int) -> dict[str, Any]:
        at = self.now - timedelta(minutes=self.dice.choice((0, 0, 0, 30, 2000, 9000)))
        lines = [
            item(self.dice.choice(("10.00", "3.33", "0.07", "20.00")), rate=self.dice.choice(("19.000", "7.000")))
            for _ in range(self.dice.choice((0, 1, 1, 2, 3)))
        ]
        return order(
            key,
            at.isoformat(),
            lines,
            channel=self.dice.choice(CHANNELS),
            state=self.dice.choice((SOLD, SOLD, SOLD, OPEN, SOLD | REFUNDED, SOLD | CANCELED)),
            shipping=self.dice.choice((None, None, "4.90")),
            payments=self.dice.choice((None, [], [("0", "5.00"), ("4", "1.01")], [("1", "10.00")])),
        )

    def _change(self, known: dict[str, Any]) -> dict[str, Any]:
        state = known["state"]
        return known | self.dice.choice(
            (
                {"state": state ^ REFUNDED},
                {"state": state ^ REFUNDED},
                {"state": state ^ CANCELED},
                {"state": state ^ READ},
                {"state": state | SOLD},
                {"channel": self.dice.choice(CHANNELS)},
                {"completed_at": (self.now - timedelta(days=self.dice.choice((0, 1, 3)))).isoformat()},
                {"basket": self._ring_up(known["id"])["basket"]},
                {"payments": self._ring_up(known["id"])["payments"]},
                {"shipment": self._ring_up(known["id"])["shipment"]},
            )
        )

    def _crawl(self) -> Load:
        """Changes of some channels since their last complete crawls; one in five breaks off."""
        channels = self.dice.sample(CHANNELS, self.dice.choice((1, 2, 3, 3)))
        windows, read = [], []
        for channel in channels:
            since = self.read_until.get(channel, -1)
            news = [key for key, clock in self.changed.items() if clock > since]
            news = [key for key in news if self.orders[key]["channel"] == channel]
            is_whole = self.dice.random() < 0.8
            first = channel not in self.read_until
            windows.append(
                {
                    "channel": channel,
                    "status": "complete" if is_whole else "incomplete",
                    "start_date": self.start if first else self.now - timedelta(hours=1),
                }
            )
            if is_whole:
                self.read_until[channel] = self.clock
            read += news if is_whole else news[: len(news) // 2]
        return Load([self.orders[key] for key in read], self.now, account=self.account, windows=windows)

    def _backfill(self) -> Load:
        keys = self.dice.sample(list(self.orders), len(self.orders) // 3)
        windows = [{"channel": channel} for channel in CHANNELS]
        found = [self.orders[key] for key in keys]
        return Load(found, self.now, account=self.account, source="orders", windows=windows)


@dataclass
class Past:
    """What the warehouse held after each load of every shop, and what it holds at last."""

    warehouse: Warehouse
    shops: list[Shop]
    goods: list[Counter[tuple[Any, ...]]] = field(default_factory=list)
    payments: list[Counter[tuple[Any, ...]]] = field(default_factory=list)
    closed: list[list[tuple[Any, ...]]] = field(default_factory=list)
    known: list[set[tuple[Any, ...]]] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)


@pytest.fixture(scope="module", params=range(1, of_many(2, 11)))
def past(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Past:
    dice = random.Random(request.param)
    past = Past(
        Warehouse(tmp_path_factory.mktemp("books"), Rules(day_starts_at=dice.choice((0, 4)))),
        [Shop(random.Random(f"{request.param} {n}"), f"shop-{n:03}") for n in range(SHOPS)],
    )
    for shop in past.shops:
        shop.start = shop.dice.choice((None, BEGIN - timedelta(days=2), BEGIN + timedelta(hours=20)))
    for _ in range(LOADS):
        past.warehouse.load(*(shop.live() for shop in past.shops))
        past.goods.append(Counter(past.warehouse.rows(GOODS)))
        past.payments.append(Counter(past.warehouse.rows(PAYMENTS)))
        past.closed.append(past.warehouse.rows(CLOSED))
        past.known.append(set(past.warehouse.rows(KNOWN)))
        past.loads.append(past.warehouse.value("select max(load_id) from ops.fct_loads"))
    return past


def test_the_books_are_those_of_a_clerk_who_reads_load_after_load(past: Past) -> None:
    begins = past.warehouse.rules.day_starts_at
    goods, payments = _by_account(past.goods[-1]), _by_account(past.payments[-1])
    for shop in past.shops:
        books = keep_books(*reads_and_crawls(shop.loads), "Europe/Berlin", begins)
        assert goods[shop.account] == _noted(books), shop.account
        assert payments[shop.account] == _noted_payments(books), shop.account


def test_no_later_load_touches_a_closed_day(past: Past) -> None:
    last = {name: _by_account(entries) for name, entries in (("goods", past.goods[-1]), ("paid", past.payments[-1]))}
    looked_at = 0
    for goods, payments, closed in zip(past.goods, past.payments, past.closed, strict=True):
        then = {"goods": _by_account(goods), "paid": _by_account(payments)}
        for account, channel, begin, end in closed:
            if end is None:
                continue
            for name in then:
                before = _on_days(then[name][account], channel, begin, end)
                looked_at += len(before)
                assert before == _on_days(last[name][account], channel, begin, end)
    assert looked_at > SHOPS * LOADS


def test_figures_as_they_were_known_at_any_time_are_in_the_books(past: Past) -> None:
    for load_id, known in zip(past.loads, past.known, strict=True):
        assert set(past.warehouse.rows(AS_OF.format(load_id=load_id))) == known


def test_the_histories_have_what_the_laws_are_about(past: Past) -> None:
    rows = past.warehouse.rows(
        "select kind, entry, booking_date is null, is_late, count(*) from core.fct_bookings group by all"
    )
    found = {row[:4] for row in rows}

    assert {(kind, entry) for kind, entry, _, _ in found} == {
        ("sale", "new"),
        ("cancellation", "reversal"),
        ("refund", "new"),
        ("refund", "reversal"),
        ("correction", "new"),
        ("correction", "reversal"),
    }
    assert {unknown for kind, _, unknown, _ in found if kind == "refund"} == {True, False}
    assert {late for kind, _, _, late in found if kind == "sale"} == {True, False}


@pytest.mark.long
def test_a_full_build_keeps_the_same_books(past: Past) -> None:
    past.warehouse.load(full=True)

    assert Counter(past.warehouse.rows(GOODS)) == past.goods[-1]
    assert Counter(past.warehouse.rows(PAYMENTS)) == past.payments[-1]


@pytest.mark.long
def test_a_build_says_which_months_its_settings_have_booked_anew(tmp_path: Path) -> None:
    shop = Warehouse(tmp_path)
    night, noon = "2026-10-31T23:30:00Z", "2026-09-05T10:00:00Z"  # half past midnight of 1 November in Berlin
    read = datetime(2026, 11, 2, 8, tzinfo=UTC)
    shop.load(Load([order(1, night, [item("1.00")]), order(2, noon, [item("2.00")])], watermark=read))
    assert shop.load(full=True).rebooked == ()

    shop.rules = Rules(day_starts_at=4)

    late = order(3, "2026-12-05T10:00:00Z", [item("4.00")])
    assert shop.load(Load([late], watermark=read + timedelta(days=40))).rebooked == ("2026-10", "2026-11")


def _by_account(entries: Counter[tuple[Any, ...]]) -> dict[str, Counter[tuple[Any, ...]]]:
    accounts: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
    for (account, *rest), count in entries.items():
        accounts[account][tuple(rest)] = count
    return accounts


def _on_days(
    entries: Counter[tuple[Any, ...]], channel: str, begin: date | None, end: date
) -> Counter[tuple[Any, ...]]:
    booked = 2  # where the booking date stands
    return Counter(
        {
            entry: count
            for entry, count in entries.items()
            if channel in entry
            and entry[booked] is not None
            and entry[booked] <= end
            and (begin is None or entry[booked] >= begin)
        }
    )


def _noted(books: Books) -> Counter[tuple[Any, ...]]:
    return Counter(
        (
            entry.order_id,
            entry.kind,
            entry.booked,
            entry.business,
            entry.channel,
            entry.what,
            entry.orders,
            entry.quantity,
            entry.amount,
            entry.shipping,
            entry.until,
        )
        for entry in books.goods
    )


def _noted_payments(books: Books) -> Counter[tuple[Any, ...]]:
    return Counter(
        (
            entry.order_id,
            entry.kind,
            entry.booked,
            entry.channel,
            *entry.what,
            entry.orders,
            entry.amount,
            entry.until,
        )
        for entry in books.payments
    )


@pytest.mark.long
def test_changes_in_a_channel_that_no_crawl_asks_for_stand_where_they_can_have_happened(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    for watermark, state in ((datetime(2026, 6, 2, 3, tzinfo=UTC), 360), (datetime(2026, 7, 2, 3, tzinfo=UTC), 364)):
        sent = order(1, "2026-05-12T10:00:00+00:00", [item("6.00")], channel="kiosk", state=state)
        warehouse.load(Load([sent], watermark=watermark, windows=[{"channel": "ipad"}]))

    assert warehouse.rows("select booking_date, kind, gross_amount from core.fct_bookings order by booking_date") == [
        (date(2026, 5, 12), "sale", Decimal("6.00")),
        (date(2026, 6, 2), "cancellation", Decimal("-6.00")),
    ]
