"""`GET /orders/` against the newest reads in the landing log, per channel and business day.

An order that the list shows and the log lacks, or knows otherwise, is landed. An order that the list
lacks is noted as absent; after two notes at least a day apart, without a reading in between, it is landed
once more as `missing`: its last payload under the content hash `missing`, a version of its own, so that
facts, history and marts follow as with any other change, and a later reading brings it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.pages import Rejected
from pipelines.inventorum.reading.slices import Slice
from pipelines.landing import log as landing
from pipelines.landing.absences import MISSING, absent_since, missing_versions, noted_absent
from pipelines.landing.backfill import NOT_LISTED, ChannelHistory, append_history
from pipelines.landing.crawl import FETCH_THREADS, RunContext, quarantine_rows
from pipelines.landing.cursors import known_times
from pipelines.landing.listed import Listed, figures_of, listed_orders
from pipelines.landing.schemas import MONEY, Provenance, ReadOrders, orders_table
from pipelines.landing.versions import NewestRead, newest_reads, say_the_same
from pipelines.progress import Progress
from pipelines.settings import Settings

ENDPOINT = "orders (reconcile)"
DRAFT, PENDING = 1, 2
# From this API version on, delta leaves PENDING orders out while the list shows them.
HIDES_PENDING = 12
DAY = timedelta(days=1)
# A list that lacks more than this share of a channel's orders is taken for a fault of the API.
CREDIBLE_SHARE = Decimal("0.05")  # of the orders of a run
EMPTIED = 5  # a channel that loses all of so many orders is taken for a fault, however small its share
# What MONEY holds.
AMOUNT_LIMIT = Decimal(10) ** (MONEY.precision - MONEY.scale)
# Of orders that the list lacks: how far the time that a till gave them may lie after they were read.
AHEAD = timedelta(days=7)


class Known(NamedTuple):
    """One order as the landing log has it."""

    day: date
    read: NewestRead
    gross: Decimal | None


@dataclass
class DayFigures:
    """One channel's day on both sides; the lists hold order ids."""

    listed: int = 0
    known: int = 0
    listed_gross: Decimal = Decimal(0)
    known_gross: Decimal = Decimal(0)
    missing_here: list[int] = field(default_factory=list)
    missing_there: list[int] = field(default_factory=list)
    different: list[int] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether both sides show the same orders with the same contents."""
        return not (self.missing_here or self.missing_there or self.different)


@dataclass
class Comparison:
    """What a reconciliation has found, over all channels.

    Attributes:
        days: Per channel and business day.
        windows: Ledger rows.
        confirmed: Orders that count as missing from now on.
    """

    days: dict[tuple[str, date], DayFigures] = field(default_factory=dict)
    windows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    absences: list[dict[str, Any]] = field(default_factory=list)
    to_land: list[tuple[Listed, str, datetime]] = field(default_factory=list)
    suspicious: set[str] = field(default_factory=set)
    confirmed: dict[int, datetime] = field(default_factory=dict)
    checked_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def rows(self, run_id: str, account: str) -> list[dict[str, Any]]:
        """One row of `raw.reconciliation` per channel and business day."""
        return [
            {
                "run_id": run_id,
                "account": account,
                "channel": channel,
                "business_date": day,
                "listed_orders": figures.listed,
                "known_orders": figures.known,
                "listed_gross_amount": _storable(figures.listed_gross),
                "known_gross_amount": _storable(figures.known_gross),
                "missing_here": len(figures.missing_here),
                "missing_there": len(figures.missing_there),
                "different": len(figures.different),
                "status": self._status(channel, figures),
                "checked_at": self.checked_at,
            }
            for (channel, day), figures in self.days.items()
        ]

    def _status(self, channel: str, figures: DayFigures) -> str:
        if channel in self.suspicious:
            return "suspicious"
        return "agrees" if figures.agrees else "differs"


def land_differences(
    settings: Settings,
    api: InventorumClient,
    run_id: str,
    days: int,
    known_until: Mapping[str, datetime],
    progress: Progress,
) -> Comparison:
    """Compare the last business days, today included, and land what was missing or different here.

    Args:
        known_until: Per channel, the server's time at which its last complete crawl began. Orders created
            later than the overlap before it are the next crawl's, and no difference.

    Raises:
        LoginError: The API refused the token; nothing was landed.
    """
    comparison = Comparison()
    zone = ZoneInfo(settings.timezone)
    today = (datetime.now(zone) - timedelta(hours=settings.day_starts_at)).date()
    first = today - timedelta(days=days - 1)
    with landing.kept_open(settings.files) as connection:
        times = known_times(connection)
    with ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch") as executor:
        context = RunContext.of(settings, run_id, times, executor, progress)
        compared = [
            _Channel(settings, api, channel, context, known_until.get(channel), comparison)
            for channel in settings.channels
            if channel not in NOT_LISTED
        ]
        for side in compared:
            side.ask(first, today)
    newest = _newest(settings, first, today, [order_id for side in compared for order_id in side.listed])
    for side in compared:
        side.compare(first, today, newest)
    lacking, known = sum(len(side.absent) for side in compared), sum(side.known for side in compared)
    for side in compared:
        side.conclude(is_credible=lacking <= CREDIBLE_SHARE * known)
    _land(settings, context, comparison)
    return comparison


def _newest(settings: Settings, first: date, last: date, listed: Collection[int]) -> list[NewestRead]:
    """The newest reads of these orders, and of others that may have been created on the days from first to last."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - DAY
    dates = [begin.date() + number * DAY for number in range((last - first).days + 4)]  # in whatever zone they are told
    with landing.opened(settings.files) as connection:
        return newest_reads(connection, settings.account, listed, since=begin - AHEAD, created=dates)


class _Channel:
    """One channel on both sides."""

    def __init__(
        self,
        settings: Settings,
        api: InventorumClient,
        channel: str,
        context: RunContext,
        known_until: datetime | None,
        comparison: Comparison,
    ) -> None:
        self._settings = settings
        self._api = api
        self._channel = channel
        self._context = context
        self._settled_until = None if known_until is None else known_until - context.overlap
        self._comparison = comparison
        self._zone = ZoneInfo(settings.timezone)
        self._checked_at: datetime | None = None
        self.listed: dict[int, tuple[Listed, str, datetime]] = {}
        self.absent: list[int] = []
        self.known = 0

    def ask(self, first: date, last: date) -> None:
        """Read the list of the business days from first to last; empty if it could not be read whole."""
        midnight = datetime(first.year, first.month, first.day, tzinfo=self._zone)
        history = ChannelHistory(self._settings, self._api, self._channel, self._context, ENDPOINT)
        checked_at: datetime | None = None
        end = datetime(last.year, last.month, last.day, tzinfo=self._zone) + 2 * DAY
        for part in history.read(midnight - DAY, end, again=True):
            if isinstance(part, dict):
                self._comparison.windows.append(part)
                self.listed = {}
                return  # incomplete: what was not listed says nothing
            row = history.ledger_row(part)
            checked_at = min(row["watermark"], checked_at or row["watermark"])
            self._take(part, row)
        self._checked_at = checked_at

    def compare(self, first: date, last: date, newest: Iterable[NewestRead]) -> None:
        """Fill in what is found for those days.

        Args:
            newest: The newest reads of the orders that are listed, and of all that were created on those days.
        """
        if self._checked_at is None:
            return
        inside = {
            key: entry
            for key, entry in self.listed.items()
            if (day := self._business_date(entry[0].created_at)) is not None and first <= day <= last
        }
        known = {}
        for read in newest:
            if read.channel == self._channel:
                created_at, gross = figures_of(read.payload.encode())
                day = self._business_date(created_at)
                if day is not None and first <= day <= last:
                    known[read.order_id] = Known(day, read, gross)
        self._judge(inside, known)

    def _take(self, part: Slice, row: dict[str, Any]) -> None:
        self._comparison.windows.append(row)
        rejected: Iterable[Rejected] = (r for answer in part.answers for r in answer.page.rejected)
        self._comparison.rejected += quarantine_rows(self._context, self._channel, ENDPOINT, row["window_id"], rejected)
        for order in listed_orders(part.answers):
            self.listed[order.row.order_id] = (order, row["window_id"], row["watermark"])

    def _business_date(self, created_at: datetime | None) -> date | None:
        if created_at is None:
            return None
        local = created_at.astimezone(self._zone).replace(tzinfo=None)
        return (local - timedelta(hours=self._settings.day_starts_at)).date()

    def _judge(
        self,
        listed: dict[int, tuple[Listed, str, datetime]],
        known: dict[int, Known],
    ) -> None:
        figures: defaultdict[date, DayFigures] = defaultdict(DayFigures)
        changed = self._changed(listed, known)
        for order_id, entry in listed.items():
            order = entry[0]
            day = self._business_date(order.created_at)
            if day is None or (order_id not in known and (self._is_hidden(order) or self._is_too_new(order))):
                continue
            figures[day].listed += 1
            figures[day].listed_gross += order.gross or 0
            if order_id not in known:
                figures[day].missing_here.append(order_id)
                self._comparison.to_land.append(entry)
            elif order_id in changed:
                figures[day].different.append(order_id)
                self._comparison.to_land.append(entry)
        for order_id, here in known.items():
            if (here.read.state or 0) & DRAFT or here.read.content_hash == MISSING:
                continue  # the list leaves drafts out
            figures[here.day].known += 1
            figures[here.day].known_gross += here.gross or 0
            if order_id not in self.listed:
                figures[here.day].missing_there.append(order_id)
        self.absent = [order_id for day in figures.values() for order_id in day.missing_there]
        self.known = len(known)
        self._comparison.days |= {(self._channel, day): figures[day] for day in sorted(figures)}

    def _changed(self, listed: Mapping[int, tuple[Listed, str, datetime]], known: Mapping[int, Known]) -> set[int]:
        """Orders that say something else here than there."""
        other = [
            order.row
            for order_id, (order, _, _) in listed.items()
            if order_id in known and known[order_id].read.content_hash != order.row.content_hash
        ]
        same = say_the_same(other, {order_id: here.read for order_id, here in known.items()})
        return {row.order_id for row in other} - same

    def _is_hidden(self, order: Listed) -> bool:
        return self._api.api_version >= HIDES_PENDING and bool((order.row.state or 0) & PENDING)

    def _is_too_new(self, order: Listed) -> bool:
        if order.created_at is None or self._settled_until is None:
            return False
        return order.created_at > self._settled_until

    def conclude(self, *, is_credible: bool) -> None:
        """Note which orders are gone, unless so many are that it must be a fault of the API.

        Args:
            is_credible: Whether all channels together lack few enough orders.
        """
        if self._checked_at is None:
            return
        is_emptied = len(self.absent) == self.known >= EMPTIED
        if self.absent and (is_emptied or not is_credible):
            self._comparison.suspicious.add(self._channel)
            self.absent = []
        self._note_absences(self.absent, self.listed.keys(), self._checked_at)

    def _note_absences(self, absent: list[int], anywhere: Set[int], checked_at: datetime) -> None:
        since = absent_since(self._settings.files, self._settings.account, self._channel)
        noted = noted_absent(self._settings.files, self._settings.account, self._channel)
        for order_id in absent:
            is_confirmed = order_id in since and checked_at - since[order_id] >= DAY
            if is_confirmed:
                self._comparison.confirmed[order_id] = checked_at
            self._add(order_id, checked_at, is_absent=True, is_confirmed=is_confirmed)
        for order_id in noted & anywhere:
            self._add(order_id, checked_at, is_absent=False, is_confirmed=False)

    def _add(self, order_id: int, checked_at: datetime, *, is_absent: bool, is_confirmed: bool) -> None:
        self._comparison.absences.append(
            {
                "run_id": self._context.run_id,
                "account": self._context.account,
                "order_id": order_id,
                "channel": self._channel,
                "is_absent": is_absent,
                "is_confirmed": is_confirmed,
                "checked_at": checked_at,
            }
        )


def _land(settings: Settings, context: RunContext, comparison: Comparison) -> None:
    """Append orders, ledger, figures per day and absences as one package."""
    tables = []
    late = _late_finds(context, comparison)
    for orders, origin in (
        (late, "orders"),
        (missing_versions(settings.files, context, comparison.confirmed), "reconcile"),
    ):
        if len(orders):
            sequence = [next(context.sequence) for _ in orders.rows]
            tables.append(orders_table(orders, sequence, account=context.account, source=origin))
    days = comparison.rows(context.run_id, context.account)
    append_history(
        settings.files,
        iter(tables),
        comparison.windows,
        comparison.rejected,
        context.progress,
        reconciliation=days,
        absences=comparison.absences,
    )


def _late_finds(context: RunContext, comparison: Comparison) -> ReadOrders:
    orders = ReadOrders()
    for listed, window_id, watermark in comparison.to_land:
        version = listed.answer.processed_version
        read = Provenance(listed.row.channel or "", window_id, watermark, context.now(), version)
        orders.add([listed.row], read)
    return orders


def _storable(amount: Decimal) -> Decimal | None:
    return amount if abs(amount) < AMOUNT_LIMIT else None
