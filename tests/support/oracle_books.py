"""The books recomputed from the raw JSON by a clerk who reads load after load and notes what changed.

Written from DESIGN 5.5, not from the SQL. Money is gross, in Decimal; VAT is that of the receipts
(`tests.support.oracle`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.support.landing_file import REQUEST_DEPENDENT, Load, payload_of
from tests.support.oracle_receipts import lines_of

CENT, ZERO = Decimal("0.01"), Decimal("0.00")
DRAFT, CANCELED, CLOSED, REFUNDED, TEST_PRINT, PAID = 1, 4, 8, 16, 128, 256


class Read(NamedTuple):
    """One reading of an order."""

    load: str
    watermark: datetime
    payload: str


class Crawl(NamedTuple):
    """One complete crawl of a channel's changes."""

    load: str
    channel: str
    watermark: datetime
    start: datetime | None


@dataclass(frozen=True)
class Entry:
    """A line of the books.

    Attributes:
        what: VAT rate of goods, or method and day of a payment.
        amount: Goods or payment, signed.
        until: Watermark of the read that brought it.
    """

    order_id: int
    kind: str
    booked: date | None
    business: date
    channel: str
    what: Any
    orders: int
    quantity: Decimal
    amount: Decimal
    shipping: Decimal
    until: datetime


@dataclass
class Books:
    """What the clerk has noted, of each refunded sale the day of its refund (None: unknown), and when each channel was
    last read completely.
    """

    goods: list[Entry] = field(default_factory=list)
    payments: list[Entry] = field(default_factory=list)
    refunds: dict[int, date | None] = field(default_factory=dict)
    crawled: dict[str, datetime] = field(default_factory=dict)

    def closing(self) -> dict[tuple[date | None, str, str], tuple[Any, ...]]:
        """(booking_date, channel, payment_method) -> payments, amount paid, amount refunded."""
        rows: dict[Any, list[Any]] = defaultdict(lambda: [0, ZERO, ZERO])
        for entry in self.payments:
            row = rows[entry.booked, entry.channel, entry.what[0]]
            if entry.kind == "refund":
                row[2] -= entry.amount
            else:
                row[0] += entry.orders
                row[1] += entry.amount
        return {key: tuple(row) for key, row in rows.items()}

    def by_day(self) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """(booking_date, channel, tax_rate, kind) -> orders, quantity, goods, shipping."""
        rows: dict[Any, list[Any]] = defaultdict(lambda: [0, Decimal(0), ZERO, ZERO])
        for entry in self.goods:
            row = rows[entry.booked, entry.channel, entry.what, entry.kind]
            for place, value in enumerate((entry.orders, entry.quantity, entry.amount, entry.shipping)):
                row[place] += value
        return {key: tuple(row) for key, row in rows.items()}


def reads_and_crawls(loads: Iterable[Load]) -> tuple[list[Read], list[Crawl]]:
    """What the loads of a test brought, oldest first; none of those that never came to an end."""
    reads, crawls = [], []
    for number, load in enumerate(loads):
        if load.status or load.watermark is None:
            continue
        name = f"{number:06}"
        payloads = [payload_of(order) for order in load.orders]
        reads += [Read(name, load.watermark, payload) for payload in payloads]
        windows: Sequence[Mapping[str, Any]] = load.windows or [
            {"channel": channel} for channel in {json.loads(payload)["channel"] for payload in payloads}
        ]
        for window in windows:
            endpoint = window.get("endpoint", "orders/delta" if load.source == "delta" else "orders")
            if endpoint == "orders/delta" and window.get("status", "complete") == "complete":
                watermark = window.get("watermark", load.watermark)
                crawls.append(Crawl(name, window["channel"], watermark, window.get("start_date")))
    return reads, crawls


def keep_books(
    reads: Sequence[Read], crawls: Sequence[Crawl], timezone: str = "Europe/Berlin", day_starts_at: int = 0
) -> Books:
    """The books of an account's history."""
    clerk = _Clerk(ZoneInfo(timezone), timedelta(hours=day_starts_at))
    newest: dict[str, datetime] = {}
    for load, watermark in [*((read.load, read.watermark) for read in reads), *((c.load, c.watermark) for c in crawls)]:
        newest[load] = max(watermark, newest.get(load, watermark))
    for load in sorted(newest, key=lambda name: (newest[name], name)):
        for read in sorted((read for read in reads if read.load == load), key=lambda read: read.watermark):
            clerk.read(read)
        for crawl in sorted((crawl for crawl in crawls if crawl.load == load), key=lambda crawl: crawl.watermark):
            clerk.crawled(crawl)
    return clerk.books


@dataclass(frozen=True)
class _Counted:
    """What an order counts: figures by VAT rate, payments by method and day; nothing where it is no sale."""

    channel: str
    day: date
    is_sale: bool = False
    goods: Mapping[Any, tuple[int, Decimal, Decimal, Decimal]] = field(default_factory=dict)
    payments: Mapping[Any, tuple[int, Decimal]] = field(default_factory=dict)
    refund: Mapping[Any, tuple[Decimal, Decimal]] = field(default_factory=dict)
    paid_back: Mapping[str, Decimal] = field(default_factory=dict)
    is_refunded: bool = False


@dataclass
class _Clerk:
    zone: ZoneInfo
    shift: timedelta
    books: Books = field(default_factory=Books)
    crawled_until: dict[str, datetime] = field(default_factory=dict)
    first_start: dict[str, datetime | None] = field(default_factory=dict)
    known: dict[int, Any] = field(default_factory=dict)
    counted: dict[int, _Counted] = field(default_factory=dict)
    seen: dict[int, datetime] = field(default_factory=dict)
    runs: dict[int, tuple[date | None, date | None]] = field(default_factory=dict)

    def day_of(self, moment: datetime) -> date:
        return (moment.astimezone(self.zone).replace(tzinfo=None) - self.shift).date()

    def crawled(self, crawl: Crawl) -> None:
        self.first_start.setdefault(crawl.channel, crawl.start)
        before = self.crawled_until.get(crawl.channel, crawl.watermark)
        self.crawled_until[crawl.channel] = max(before, crawl.watermark)
        self.books.crawled[crawl.channel] = self.crawled_until[crawl.channel]

    def read(self, read: Read) -> None:
        order = json.loads(read.payload, parse_float=Decimal)
        content = {name: value for name, value in order.items() if name not in REQUEST_DEPENDENT}
        key = order["id"]
        if self.known.get(key) == content:
            return
        is_first = key not in self.known
        self.known[key] = content
        now, before = self._count(order), self.counted.get(key)
        self.counted[key] = now
        self._note(key, before or _Counted(now.channel, now.day), now, read.watermark, is_first=is_first)

    def _count(self, order: Mapping[str, Any]) -> _Counted:
        state, channel = order["state"], order["channel"]
        moment = order["completed_at"] or order["time_added"]
        day = self.day_of(datetime.fromisoformat(moment))
        if state & (TEST_PRINT | DRAFT | CANCELED) or not state & (PAID | CLOSED):
            return _Counted(channel, day)
        lines: dict[Any, list[Decimal]] = {}
        for line in lines_of(order):
            sums = lines.setdefault(line.tax_rate, [Decimal(0), ZERO, Decimal(0), ZERO])
            for place, value in enumerate((line.quantity, line.gross, line.came_back, line.refund)):
                sums[place] += value
        lines = lines or {None: [Decimal(0), ZERO, Decimal(0), ZERO]}
        freight = dict(shipping_by_rate(order))
        first = min(lines, key=lambda rate: (rate is None, rate or 0))
        goods = {
            rate: (int(rate == first), quantity, gross, freight.get(rate, ZERO))
            for rate, (quantity, gross, _, _) in lines.items()
        }
        payments: dict[Any, tuple[int, Decimal]] = {}
        for payment in order["payments"]:
            paid = payment.get("date")
            place = payment["payment_method"], self.day_of(datetime.fromisoformat(paid)) if paid else day
            count, amount = payments.get(place, (0, ZERO))
            payments[place] = count + 1, amount + _cents(payment["payment_amount"])
        if not state & REFUNDED:
            return _Counted(channel, day, True, goods, payments or {("none", day): (0, ZERO)})
        refund = {rate: (pieces, gross) for rate, (_, _, pieces, gross) in lines.items() if pieces or gross}
        paid_back = _spread(sum((gross for _, gross in refund.values()), ZERO), payments)
        return _Counted(
            channel, day, True, goods, payments or {("none", day): (0, ZERO)}, refund, paid_back, is_refunded=True
        )

    def _note(self, key: int, was: _Counted, now: _Counted, until: datetime, *, is_first: bool) -> None:
        crawls = [self.crawled_until[name] for name in {was.channel, now.channel} if name in self.crawled_until]
        if not crawls and not is_first:
            crawls = [self.seen[key]]
        self.seen[key] = until
        after = self.day_of(max(crawls)) if crawls else None
        start = self.first_start.get(now.channel) if is_first else None

        def booked(day: date, *, is_refund: bool) -> date | None:
            if after is None or (start is not None and day < self.day_of(start)):
                return None if is_refund else day
            return max(day, after)

        kind = "correction" if was.is_sale and now.is_sale else "sale" if now.is_sale else "cancellation"

        def write(to: list[Entry], old: Mapping[Any, Any], new: Mapping[Any, Any], *, is_refund: bool) -> None:
            """Take back what counted and count what counts, but for what is the same."""
            taken = {(was.channel, _due(what, was.day), what, value) for what, value in old.items()}
            given = {(now.channel, _due(what, now.day), what, value) for what, value in new.items()}
            for sign, entries in ((-1, taken - given), (1, given - taken)):
                for channel, day, what, value in entries:
                    orders, quantity, amount, freight = _four(value)
                    to.append(
                        Entry(
                            key,
                            "refund" if is_refund else kind,
                            booked(day, is_refund=is_refund),
                            day,
                            channel,
                            what,
                            sign * orders,
                            sign * quantity,
                            sign * amount,
                            sign * freight,
                            until,
                        )
                    )

        def back(amounts: Mapping[Any, Any]) -> dict[Any, Any]:
            return {rate: (0, -quantity, -gross, ZERO) for rate, (quantity, gross) in amounts.items()}

        write(self.books.goods, was.goods, now.goods, is_refund=False)
        write(self.books.goods, back(was.refund), back(now.refund), is_refund=True)
        write(self.books.payments, was.payments, now.payments, is_refund=False)
        paid_back = [{(method, None): (0, -amount) for method, amount in one.paid_back.items()} for one in (was, now)]
        write(self.books.payments, *paid_back, is_refund=True)
        if now.is_refunded and not was.is_refunded:
            self.runs[key] = after, self.day_of(start) if start else None
        if now.is_refunded:
            after, first = self.runs[key]
            is_unknown = after is None or (first is not None and now.day < first)
            self.books.refunds[key] = None if is_unknown or after is None else max(now.day, after)
        else:
            self.books.refunds.pop(key, None)


def _due(what: Any, day: date) -> date:
    """The day of a payment that has one, else that of the order."""
    return what[1] if isinstance(what, tuple) and what[1] else day


def _four(value: tuple[Any, ...]) -> tuple[int, Decimal, Decimal, Decimal]:
    return value if len(value) == 4 else (value[0], Decimal(0), value[1], ZERO)


def _cents(text: Any) -> Decimal:
    return Decimal(str(text)).quantize(CENT, ROUND_HALF_UP)


def _spread(amount: Decimal, payments: Mapping[Any, tuple[int, Decimal]]) -> dict[str, Decimal]:
    """An amount over the methods in proportion to what each paid, to the cent, largest remainder."""
    paid: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for (method, _), (_, part) in payments.items():
        paid[method] += part
    methods = sorted(paid, key=lambda method: (-paid[method], method)) or ["none"]
    total = sum((part for part in paid.values() if part > 0), ZERO)
    if not total:
        return {methods[0]: amount} if amount else {}
    exact = {method: amount * max(paid[method], ZERO) / total for method in methods}
    shares = {method: part.quantize(CENT, "ROUND_DOWN") for method, part in exact.items()}
    left = int((amount - sum(shares.values(), ZERO)) / CENT)
    for method in sorted(methods, key=lambda name: (shares[name] - exact[name], methods.index(name)))[:left]:
        shares[method] += CENT
    return {method: share for method, share in shares.items() if share}


def shipping_by_rate(order: Mapping[str, Any]) -> dict[Any, Decimal]:
    """Gross shipping by the rate of the goods: in proportion to their net, to the cent, largest remainder."""
    cost = _cents((order["shipment"] or {}).get("cost") or 0)
    gross: dict[Decimal, Decimal] = {}
    for line in lines_of(order):
        gross[line.tax_rate] = gross.get(line.tax_rate, ZERO) + line.gross
    if not gross:
        return {None: cost}
    net = {
        rate: max((amount * 100 / (100 + rate)).quantize(CENT, ROUND_HALF_UP), ZERO) for rate, amount in gross.items()
    }
    total = sum(net.values(), ZERO)
    if len(net) == 1 or not total:
        return {min(net): cost}
    exact = {rate: cost * part / total for rate, part in net.items()}
    shares = {rate: part.quantize(CENT, "ROUND_DOWN") for rate, part in exact.items()}
    left = int((cost - sum(shares.values(), ZERO)) / CENT)
    for rate in sorted(shares, key=lambda rate: (shares[rate] - exact[rate], rate))[:left]:
        shares[rate] += CENT
    return shares
