"""Orders by their time of creation (`GET /orders/`), slice by slice into the landing log.

Each package that is loaded holds finished slices with their ledger rows, so that an interrupted backfill
goes on behind the last package.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from pipelines.errors import ApiError, RequestRefused
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.pages import Answer
from pipelines.inventorum.reading.chain import CrawlFacts
from pipelines.inventorum.reading.protocol import refuse_ahead
from pipelines.inventorum.reading.slices import Interval, Slice, slices
from pipelines.landing import log as landing
from pipelines.landing.crawl import FETCH_THREADS, RowBuffer, RunContext, quarantine_rows, window_row
from pipelines.landing.cursors import known_times
from pipelines.landing.spool import Spool
from pipelines.progress import Progress
from pipelines.settings import Files, Settings, prepare_dlt

prepare_dlt()

from pipelines.landing.dlt_internals import sealed  # noqa: E402
from pipelines.landing.source import history_source  # noqa: E402

# The page of GET /orders/ does not list it.
NOT_LISTED = frozenset({"backoffice"})
ENDPOINT = "orders"
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
# A kill costs at most this much reading again.
PACKAGE_SECONDS, PACKAGE_ORDERS = 60.0, 50_000

DONE = """
select start_date, least(end_date, watermark - interval 1 day) as end_date
from raw.windows
where
    endpoint = 'orders' and channel = ? and status = 'complete'
    and _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
    and start_date < least(end_date, watermark - interval 1 day)
order by start_date
"""


def load_history(
    settings: Settings,
    api: InventorumClient,
    run_id: str,
    start: datetime,
    end: datetime,
    progress: Progress,
    *,
    again: bool = False,
) -> list[dict[str, Any]]:
    """Append every order created between two aware times; the ledger rows of what was read.

    A day more is read on both sides, since the API does not say in which zone it takes times. A slice that
    an earlier call has landed is not asked for again, unless `again` is set. A channel that fails is entered
    as incomplete and the next one goes on.

    Raises:
        SettingsError: The landing log is another account's; nothing was asked.
        LoginError: The API refused the token; finished packages stay.
    """
    landing.refuse_another_account(settings.files, settings.account)
    landed: list[dict[str, Any]] = []
    with landing.kept_open(settings.files) as connection:  # now, while nothing is lost if it cannot be written
        known = known_times(connection)
    with ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch") as executor:
        context = RunContext.of(settings, run_id, known, executor, progress)
        channels = [name for name in settings.channels if name not in NOT_LISTED]
        package = _Package(settings, context)
        for channel in channels:
            history = ChannelHistory(settings, api, channel, context)
            for found in history.read(start - DAY, end + DAY, again=again):
                package.add(found, history)
                if package.is_full:
                    landed += package.land()
                    package = _Package(settings, context)
        landed += package.land()
    return landed


def append_history(
    files: Files,
    orders: Iterator[pa.Table],
    windows: list[dict[str, Any]],
    quarantine: list[dict[str, Any]],
    progress: Progress,
    **more: list[dict[str, Any]],
) -> None:
    """Append orders, ledger, quarantine and rows of more tables, all or nothing.

    Raises: As landing.load.
    """
    extracted: Counter[str] = Counter()
    with sealed():
        source = history_source(orders, extracted, windows, quarantine, **more)
        landing.load(files, source, extracted, progress)


class _Package:
    """Finished slices that are landed together."""

    def __init__(self, settings: Settings, context: RunContext) -> None:
        self._settings = settings
        self._context = context
        self._spool = Spool(context.spool / "history.arrow", context.room)
        self._buffer = RowBuffer(self._spool, context, "orders")
        self._windows: list[dict[str, Any]] = []
        self._rejected: list[dict[str, Any]] = []
        self._orders = 0
        self._begin = time.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether losing it to a kill would cost too much."""
        return self._orders >= PACKAGE_ORDERS or time.monotonic() - self._begin > PACKAGE_SECONDS

    def add(self, found: Slice | dict[str, Any], history: ChannelHistory) -> None:
        """Keep a slice's orders and its ledger row, or the ledger row of a failure."""
        if isinstance(found, dict):
            self._windows.append(found)
            return
        row = history.ledger_row(found)
        for answer in found.answers:
            self._buffer.add(
                answer,
                channel=history.channel,
                window_id=row["window_id"],
                watermark=row["watermark"],
                api_version=history.api_version,
            )
            self._rejected += quarantine_rows(
                self._context, history.channel, ENDPOINT, row["window_id"], answer.page.rejected
            )
        self._windows.append(row)
        self._orders += row["row_count"]

    def land(self) -> list[dict[str, Any]]:
        """Append it to the landing log; its ledger rows."""
        with self._spool:
            self._buffer.flush()
            if self._windows:
                append_history(
                    self._settings.files, self._spool.tables(), self._windows, self._rejected, self._context.progress
                )
        return self._windows


class ChannelHistory:
    """One channel, slice by slice."""

    def __init__(
        self,
        settings: Settings,
        api: InventorumClient,
        channel: str,
        context: RunContext,
        endpoint: str = ENDPOINT,
    ) -> None:
        self.channel = channel
        self._endpoint = endpoint
        self.api_version = api.api_version
        self._settings = settings
        self._api = api
        self._context = context
        self._zone = ZoneInfo(settings.timezone)
        self._number = 0
        self._rows = 0
        self._requests = itertools.count(1)  # its next() is one step, whatever thread calls it
        self._asked = 0
        self._entered = 0

    def read(self, start: datetime, end: datetime, *, again: bool) -> Iterator[Slice | dict[str, Any]]:
        """Its slices; a fault ends it with the ledger row of a failure."""
        done = [] if again else _done(self._settings, self.channel)
        try:
            yield from slices(self._fetch, start, end, tz=self._zone, done=done, executor=self._context.executor)
        except ApiError as error:
            refused = isinstance(error, RequestRefused) and error.status == 400 and self._number == 0
            status = "unsupported" if refused else "incomplete"
            yield self._row(status) | {"status": status, "message": str(error)}

    def ledger_row(self, part: Slice) -> dict[str, Any]:
        """A finished slice as a row of `raw.windows`."""
        self._number += 1
        answered = min(answer.date - timedelta(seconds=answer.seconds) for answer in part.answers)
        floor = self._context.floor
        ids = [order.order_id for answer in part.answers for order in answer.page.orders]
        self._rows += len(ids)
        self._context.progress.update_part("reading orders by creation", self.channel, self._rows)
        return self._row(str(self._number)) | {
            "start_date": part.start,
            "end_date": part.end,
            "watermark": answered if floor is None else max(answered, floor + MICROSECOND),
            "requests": self._requests_since_the_last_row(),
            "first_total": part.answers[0].page.total,
            "last_total": part.answers[-1].page.total,
            "row_count": len(ids),
            "distinct_ids": len(set(ids)),
            "quarantined": sum(len(answer.page.rejected) for answer in part.answers),
        }

    def _fetch(self, start: datetime, end: datetime, page: int, limit: int) -> Answer:
        self._asked = max(self._asked, next(self._requests))
        answer = self._api.orders(start, end, tz=self._zone, channel=self.channel, page=page + 1, limit=limit)
        refuse_ahead(answer, self._context.not_after)
        return answer

    def _requests_since_the_last_row(self) -> int:
        """Requests that no ledger row has counted yet; windows are fetched ahead, so only the sum is exact."""
        asked = self._asked
        count, self._entered = asked - self._entered, asked
        return count

    def _row(self, name: str) -> dict[str, Any]:
        now = self._context.now()
        window_id = f"{self._context.run_id}/{self.channel}/{name}"
        return window_row(self._context, CrawlFacts(), self.channel, self._endpoint, window_id, now)


def _done(settings: Settings, channel: str) -> list[Interval]:
    """What earlier backfills have landed; the end of what was still growing then is left out."""
    with landing.opened(settings.files) as connection:
        if not landing.has_table(connection, "windows"):
            return []
        return connection.execute(DONE, [channel]).fetchall()
