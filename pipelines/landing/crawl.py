"""One crawl of one channel: asked of the API, read by the protocol, spooled as rows, entered in the ledger."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.errors import ApiError, RequestRefused
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.pages import Answer, Rejected
from pipelines.inventorum.http.records import OrderRow
from pipelines.inventorum.reading.chain import CrawlFacts
from pipelines.inventorum.reading.protocol import crawl
from pipelines.landing.cursors import ANY_BACKSTEP, KnownTimes, begin_of
from pipelines.landing.log import spool_folder
from pipelines.landing.schemas import Provenance, ReadOrders, orders_table
from pipelines.landing.spool import BYTES_PER_TABLE, ROWS_PER_TABLE, Room, Spool
from pipelines.progress import Progress
from pipelines.settings import Settings

logger = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# 20 requests a second at 300 ms each keep 6 busy; two more for slow answers.
FETCH_THREADS = 8
# The API's page lists `backoffice` for one of two endpoints only: an account may not have it.
DOUBTFUL_CHANNELS = frozenset({"backoffice"})


@dataclass(frozen=True)
class RunContext:
    """What all crawls of one run share.

    Attributes:
        run_id: Joins the ledger rows of one run.
        known: What earlier crawls have noted.
        clock_tolerance: How far the server's clock may be ahead of all others.
        since: Read from here if the cursor is not earlier (`sync --from`).
        required: Channels that the user asked for by name; elsewhere `backoffice` may be refused.
        spool: Folder for rows of crawls that are not complete yet.
        room: Memory for such rows, before the folder is used.
        once: Leave out what a crawl has read just so before, in the overlap of two windows.
    """

    run_id: str
    account: str
    known: KnownTimes
    clock_tolerance: timedelta
    overlap: timedelta
    start_date: datetime | None
    first_page: int | None
    spool: Path
    executor: Executor
    progress: Progress
    since: datetime | None = None
    required: frozenset[str] = frozenset()
    sequence: Iterator[int] = field(default_factory=itertools.count)
    room: Room = field(default_factory=Room)
    once: bool = False

    @classmethod
    def of(
        cls,
        settings: Settings,
        run_id: str,
        known: KnownTimes,
        executor: Executor,
        progress: Progress,
        *,
        since: datetime | None = None,
        required: frozenset[str] = frozenset(),
        once: bool = False,
    ) -> RunContext:
        """That of a run with these settings."""
        return cls(
            run_id=run_id,
            account=settings.account,
            known=known,
            clock_tolerance=settings.clock_tolerance,
            overlap=settings.overlap,
            start_date=settings.start_date,
            first_page=settings.delta_first_page,
            spool=spool_folder(settings.files),
            executor=executor,
            progress=progress,
            since=since,
            required=required,
            once=once,
        )

    @staticmethod
    def now() -> datetime:
        """By this machine's clock."""
        return datetime.now(UTC)

    @property
    def floor(self) -> datetime | None:
        """The newest watermark of all; those of this run are later, so that versions keep the order of their reads."""
        return self.known.newest

    @property
    def not_after(self) -> datetime | None:
        """The latest time that a server's clock may show (`clocks`); None: any."""
        return self.known.not_after(self.now(), self.clock_tolerance)


class Ledger:
    """What happened in this run: one row a crawl, one a rejected record. Safe to fill from any thread.

    `seconds` holds those of each step of the load.

    Args:
        expected: How many crawls there will be; None: as many as begin.
    """

    def __init__(self, expected: int | None = None) -> None:
        self._expected = expected
        self._begun = 0
        self._news = threading.Condition()
        self._told = 0
        self.windows: list[dict[str, Any]] = []
        self.quarantine: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {}

    def begin(self) -> None:
        """Count a crawl that will end."""
        self._begun += 1

    def add(self, window: dict[str, Any], rejected: Iterable[dict[str, Any]]) -> None:
        """Record one crawl that has ended, well or badly."""
        with self._news:
            self.windows.append(window)
            self.quarantine.extend(rejected)

    @property
    def is_complete(self) -> bool:
        """Whether all crawls have ended."""
        return len(self.windows) >= (self._begun if self._expected is None else self._expected)

    def tell(self) -> None:
        """Wake whoever listens."""
        with self._news:
            self._told += 1
            self._news.notify_all()

    def listen(self, heard: int, timeout: float) -> int:
        """Wait up to `timeout` seconds until `tell` was called more often than was heard; how often that is."""
        with self._news:
            self._news.wait_for(lambda: self._told > heard, timeout)
            return self._told


class RowBuffer:
    """Orders on their way into a spool, a table at a time."""

    def __init__(self, spool: Spool, context: RunContext, source: str) -> None:
        self._spool = spool
        self._context = context
        self._source = source
        self._held = ReadOrders()
        self._bytes = 0
        self._last: dict[int, int] = {}

    def add(self, answer: Answer, *, channel: str, window_id: str, watermark: datetime, api_version: int) -> None:
        """Keep an answer's orders."""
        version = answer.processed_version or api_version
        orders = self._news(answer.page.orders) if self._context.once else answer.page.orders
        self._held.add(orders, Provenance(channel, window_id, watermark, self._context.now(), version))
        self._bytes += answer.bytes
        if len(self._held) >= ROWS_PER_TABLE or self._bytes >= BYTES_PER_TABLE:
            self.flush()

    def _news(self, orders: Iterable[OrderRow]) -> list[OrderRow]:
        """Those that are new, or other than they were read last."""
        news = []
        for order in orders:
            seen = hash(order.content_hash)
            if self._last.get(order.order_id) != seen:
                self._last[order.order_id] = seen
                news.append(order)
        return news

    def flush(self) -> None:
        """Hand over what is held."""
        if not self._held:
            return
        sequence = itertools.islice(self._context.sequence, len(self._held))
        self._spool.add(orders_table(self._held, sequence, account=self._context.account, source=self._source))
        self._held = ReadOrders()
        self._bytes = 0


def quarantine_rows(
    context: RunContext, channel: str, endpoint: str, window_id: str, rejected: Iterable[Rejected]
) -> list[dict[str, Any]]:
    """Rejected records as rows of `raw.quarantine`."""
    return [
        {
            "account": context.account,
            "channel": channel,
            "endpoint": endpoint,
            "reason": record.reason,
            "order_id": record.order_id,
            "payload": record.payload,
            "window_id": window_id,
            "read_at": context.now(),
        }
        for record in rejected
    ]


def window_row(
    context: RunContext, facts: CrawlFacts, channel: str, endpoint: str, window_id: str, started_at: datetime
) -> dict[str, Any]:
    """A crawl as a row of `raw.windows`; status and times of its range are the caller's to fill."""
    return {
        "run_id": context.run_id,
        "window_id": window_id,
        "account": context.account,
        "channel": channel,
        "endpoint": endpoint,
        "start_date": None,
        "end_date": None,
        "watermark": facts.watermark,
        "requests": facts.requests,
        "retreats": facts.retreats,
        "first_total": facts.first_total,
        "last_total": facts.last_total,
        "row_count": facts.rows,
        "distinct_ids": facts.distinct_ids,
        "quarantined": 0,
        "status": "complete",
        "message": None,
        "started_at": started_at,
        "finished_at": context.now(),
    }


class DeltaCrawl:
    """Reads what changed in one channel since its cursor."""

    endpoint = "orders/delta"

    def __init__(self, api: InventorumClient, channel: str, context: RunContext) -> None:
        self._api = api
        self._channel = channel
        self._context = context
        self._window_id = f"{context.run_id}/{channel}"

    def run(self, spool: Spool, ledger: Ledger, cursor: datetime | None) -> bool:
        """Fill the spool and enter the crawl in the ledger; whether the rows may be landed.

        Raises:
            LoginError: The whole run ends.
        """
        started_at = self._context.now()
        stored = None if cursor is None or cursor <= EPOCH else cursor
        start_date = self._start_date()
        rejected: list[Rejected] = []
        crawling = crawl(
            lambda page, limit: self._api.orders_delta(
                channel=self._channel, start_date=start_date, page=page, limit=limit
            ),
            first_page=self._context.first_page,
            executor=self._context.executor,
            cursor=max(filter(None, (stored, self._context.floor)), default=None),
            max_backstep=ANY_BACKSTEP if self._context.since else self._context.overlap / 2,
            not_after=self._context.not_after,
        )
        facts = crawling.facts
        status, message = "complete", None
        try:
            buffer = RowBuffer(spool, self._context, "delta")
            read, top = 0, -1
            for answer in crawling:
                buffer.add(
                    answer,
                    channel=self._channel,
                    window_id=self._window_id,
                    watermark=crawling.watermark,
                    api_version=self._api.api_version,
                )
                rejected += answer.page.rejected
                ids = [order.order_id for order in answer.page.orders]
                read += sum(order_id > top for order_id in ids)  # the others lie in an overlap
                top = max(ids, default=top)
                self._context.progress.update_part("reading orders", self._channel, read, facts.last_total)
            buffer.flush()
        except ApiError as error:
            status, message = self._failure(error, facts)
        self._log(status, facts, start_date)
        complete = status == "complete"
        row = window_row(self._context, facts, self._channel, self.endpoint, self._window_id, started_at)
        unique = list(dict.fromkeys(rejected))
        row |= {"start_date": start_date, "status": status, "message": message}
        if facts.watermark is None and stored and facts.server_time and facts.server_time < stored:
            row["watermark"] = facts.server_time  # set back; the next crawl must know how far
        row["quarantined"] = len(unique) if complete else 0
        ledger.add(
            row,
            quarantine_rows(self._context, self._channel, self.endpoint, self._window_id, unique) if complete else (),
        )
        return complete

    def _log(self, status: str, facts: CrawlFacts, start_date: datetime | None) -> None:
        since = start_date or "the beginning"
        cursor = facts.watermark if status == "complete" else "stays"
        told = (self._channel, since, status, facts.requests, facts.rows, cursor)
        logger.info("%s since %s: %s, %s requests, %s orders read, cursor %s", *told)

    def _start_date(self) -> datetime | None:
        context = self._context
        return begin_of(
            context.known,
            self._channel,
            since=context.since,
            start_date=context.start_date,
            overlap=context.overlap,
        )

    def _failure(self, error: ApiError, facts: CrawlFacts) -> tuple[str, str]:
        refused = isinstance(error, RequestRefused) and error.status == 400 and facts.rows == 0
        if refused and self._channel in DOUBTFUL_CHANNELS - self._context.required:
            return "unsupported", "The API does not know this channel; it is left out."
        return "incomplete", str(error)
