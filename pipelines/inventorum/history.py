"""Orders by their time of creation (`GET /orders/`), slice by slice into the landing log.

Each package that is loaded holds finished slices with their ledger rows, so that an interrupted backfill
goes on behind the last package.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipelines import landing
from pipelines.errors import ApiError, RequestRefused
from pipelines.inventorum.client import InventorumClient
from pipelines.inventorum.crawling import Reading, RowBuffer, quarantine_rows
from pipelines.inventorum.slicing import Interval, Slice, slices
from pipelines.inventorum.spool import Spool
from pipelines.progress import Progress
from pipelines.settings import Settings, prepare_dlt

prepare_dlt()

from pipelines.inventorum.loading import FETCH_THREADS  # noqa: E402
from pipelines.inventorum.source import history_source  # noqa: E402

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
        LoginError: The API refused the token; finished packages stay.
    """
    windows: list[dict[str, Any]] = []
    with ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch") as executor:
        for channel in settings.channels:
            if channel in NOT_LISTED:
                continue
            history = _ChannelHistory(settings, api, run_id, channel, executor, progress)
            windows += history.load(start - DAY, end + DAY, again=again)
    return windows


class _ChannelHistory:
    """One channel's slices on their way into packages."""

    def __init__(
        self,
        settings: Settings,
        api: InventorumClient,
        run_id: str,
        channel: str,
        executor: Executor,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._api = api
        self._channel = channel
        self._zone = ZoneInfo(settings.timezone)
        self._progress = progress
        self._executor = executor
        self._run_id = run_id
        self._number = 0
        self._rows = 0

    def load(self, start: datetime, end: datetime, *, again: bool) -> list[dict[str, Any]]:
        """Read and land all slices; their ledger rows."""
        done = [] if again else _done(self._settings, self._channel)
        found = slices(self._fetch, start, end, tz=self._zone, done=done, executor=self._executor)
        landed: list[dict[str, Any]] = []
        message = None
        try:
            for package in self._packages(found):
                landed += package
        except ApiError as error:
            message = str(error)
            refused = isinstance(error, RequestRefused) and error.status == 400 and not landed
            landed.append(self._failure("unsupported" if refused else "incomplete", message))
            self._land_ledger(landed[-1])
        return landed

    def _fetch(self, start: datetime, end: datetime, page: int, limit: int) -> Any:
        return self._api.orders(start, end, tz=self._zone, channel=self._channel, page=page + 1, limit=limit)

    def _packages(self, found: Iterator[Slice]) -> Iterator[list[dict[str, Any]]]:
        """Ledger rows of each package, once it is landed."""
        floor = landing.newest_watermark(self._settings.files)
        while True:
            reading = self._reading(floor)
            windows: list[dict[str, Any]] = []
            rejected: list[dict[str, Any]] = []
            orders = 0
            begin = time.monotonic()
            fault: BaseException | None = None
            with Spool(reading.spool / f"{self._channel}.history.arrow") as spool:
                try:
                    for part in found:
                        row = self._keep(part, spool, reading, rejected)
                        windows.append(row)
                        orders += row["row_count"]
                        self._rows += row["row_count"]
                        self._progress.update(f"{self._channel} by creation", self._rows)
                        if orders >= PACKAGE_ORDERS or time.monotonic() - begin > PACKAGE_SECONDS:
                            break
                    else:
                        fault = StopIteration()
                except ApiError as error:  # what was read before it is complete and is landed
                    fault = error
                if windows:
                    landing.load(
                        self._settings.files, history_source(spool.tables(), windows, rejected), self._progress
                    )
                    floor = max(row["watermark"] for row in windows)
                    yield windows
            if isinstance(fault, ApiError):
                raise fault
            if fault is not None:
                return

    def _keep(self, part: Slice, spool: Spool, reading: Reading, rejected: list[dict[str, Any]]) -> dict[str, Any]:
        """Spool a slice's orders; its ledger row."""
        self._number += 1
        window_id = f"{self._run_id}/{self._channel}/{self._number}"
        answered = min(answer.date - timedelta(seconds=answer.seconds) for answer in part.answers)
        watermark = answered if reading.floor is None else max(answered, reading.floor + MICROSECOND)
        buffer = RowBuffer(spool, reading, window_id, self._channel, "orders")
        for answer in part.answers:
            buffer.add(answer, watermark, self._api.api_version)
            rejected += quarantine_rows(reading, self._channel, ENDPOINT, window_id, answer.page.rejected)
        buffer.flush(watermark)
        ids = [order.order_id for answer in part.answers for order in answer.page.orders]
        return self._row(window_id, reading.now()) | {
            "start_date": part.start,
            "end_date": part.end,
            "watermark": watermark,
            "requests": part.requests,
            "first_total": part.answers[0].page.total,
            "last_total": part.answers[-1].page.total,
            "row_count": len(ids),
            "distinct_ids": len(set(ids)),
            "quarantined": sum(len(answer.page.rejected) for answer in part.answers),
        }

    def _failure(self, status: str, message: str) -> dict[str, Any]:
        window_id = f"{self._run_id}/{self._channel}/{status}"
        return self._row(window_id, datetime.now(UTC)) | {"status": status, "message": message}

    def _land_ledger(self, row: dict[str, Any]) -> None:
        landing.load(self._settings.files, history_source(iter(()), [row], []), self._progress)

    def _row(self, window_id: str, now: datetime) -> dict[str, Any]:
        return {
            "run_id": self._run_id,
            "window_id": window_id,
            "account": self._settings.account,
            "channel": self._channel,
            "endpoint": ENDPOINT,
            "start_date": None,
            "end_date": None,
            "watermark": None,
            "requests": 0,
            "retreats": 0,
            "first_total": None,
            "last_total": None,
            "row_count": 0,
            "distinct_ids": 0,
            "quarantined": 0,
            "status": "complete",
            "message": None,
            "started_at": now,
            "finished_at": now,
        }

    def _reading(self, floor: datetime | None) -> Reading:
        return Reading(
            run_id=self._run_id,
            account=self._settings.account,
            overlap=self._settings.overlap,
            start_date=None,
            floor=floor,
            since=None,
            spool=landing.spool_folder(self._settings.files),
            executor=self._executor,
            progress=self._progress,
            now=lambda: datetime.now(UTC),
        )


def _done(settings: Settings, channel: str) -> list[Interval]:
    """What earlier backfills have landed; the end of what was still growing then is left out."""
    with landing.opened(settings.files) as connection:
        if not landing.has_table(connection, "windows"):
            return []
        return connection.execute(DONE, [channel]).fetchall()
