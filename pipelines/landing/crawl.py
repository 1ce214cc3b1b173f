"""One crawl of one channel: asked of the API, read by the protocol, spooled as rows, entered in the ledger."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.errors import ApiError, RequestRefused
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.pages import Answer, Rejected
from pipelines.inventorum.reading.chain import CrawlFacts
from pipelines.inventorum.reading.protocol import crawl
from pipelines.landing.cursors import ANY_BACKSTEP, KnownTimes, begin_of
from pipelines.landing.schemas import Provenance, ReadOrders, orders_table
from pipelines.landing.spool import BYTES_PER_TABLE, ROWS_PER_TABLE, Room, Spool
from pipelines.progress import Progress

logger = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The API's page lists `backoffice` for one of two endpoints only: an account may not have it.
DOUBTFUL_CHANNELS = frozenset({"backoffice"})


@dataclass(frozen=True)
class Reading:
    """What all crawls of one run share.

    Attributes:
        run_id: Joins the ledger rows of one run.
        floor: Newest watermark in the landing log; every watermark of this run is later, so that versions
            keep the order in which they were read.
        not_after: The latest time that a server's clock may show (`clocks`); None: any.
        since: Read from here if the cursor is not earlier (`sync --from`).
        spool: Folder for rows of crawls that are not complete yet.
        room: Memory for such rows, before the folder is used.
        known: What earlier crawls have noted.
        required: Channels that the user asked for by name; elsewhere `backoffice` may be refused.
    """

    run_id: str
    account: str
    overlap: timedelta
    start_date: datetime | None
    floor: datetime | None
    not_after: datetime | None
    since: datetime | None
    spool: Path
    executor: Executor
    progress: Progress
    now: Callable[[], datetime]
    first_page: int | None = None
    required: frozenset[str] = frozenset()
    known: KnownTimes = field(default_factory=KnownTimes)
    sequence: Iterator[int] = field(default_factory=itertools.count)
    room: Room = field(default_factory=Room)


class Ledger:
    """What happened in this run: one row a crawl, one a rejected record. Safe to fill from any thread.

    `seconds` holds those of each step of the load.
    """

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._news = threading.Condition()
        self._told = 0
        self.windows: list[dict[str, Any]] = []
        self.quarantine: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {}

    def add(self, window: dict[str, Any], rejected: Iterable[dict[str, Any]]) -> None:
        """Record one crawl that has ended, well or badly."""
        with self._news:
            self.windows.append(window)
            self.quarantine.extend(rejected)

    @property
    def is_complete(self) -> bool:
        """Whether all crawls have ended."""
        return len(self.windows) >= self._expected

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

    def __init__(self, spool: Spool, reading: Reading, source: str) -> None:
        self._spool = spool
        self._reading = reading
        self._source = source
        self._held = ReadOrders()
        self._bytes = 0

    def add(self, answer: Answer, *, channel: str, window_id: str, watermark: datetime, api_version: int) -> None:
        """Keep an answer's orders."""
        version = answer.processed_version or api_version
        self._held.add(answer.page.orders, Provenance(channel, window_id, watermark, self._reading.now(), version))
        self._bytes += answer.bytes
        if len(self._held) >= ROWS_PER_TABLE or self._bytes >= BYTES_PER_TABLE:
            self.flush()

    def flush(self) -> None:
        """Hand over what is held."""
        if not self._held:
            return
        sequence = itertools.islice(self._reading.sequence, len(self._held))
        self._spool.add(orders_table(self._held, sequence, account=self._reading.account, source=self._source))
        self._held = ReadOrders()
        self._bytes = 0


def quarantine_rows(
    reading: Reading, channel: str, endpoint: str, window_id: str, rejected: Iterable[Rejected]
) -> list[dict[str, Any]]:
    """Rejected records as rows of `raw.quarantine`."""
    return [
        {
            "account": reading.account,
            "channel": channel,
            "endpoint": endpoint,
            "reason": record.reason,
            "order_id": record.order_id,
            "payload": record.payload,
            "window_id": window_id,
            "read_at": reading.now(),
        }
        for record in rejected
    ]


def window_row(
    reading: Reading, facts: CrawlFacts, channel: str, endpoint: str, window_id: str, started_at: datetime
) -> dict[str, Any]:
    """A crawl as a row of `raw.windows`; status and times of its range are the caller's to fill."""
    return {
        "run_id": reading.run_id,
        "window_id": window_id,
        "account": reading.account,
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
        "finished_at": reading.now(),
    }


class DeltaCrawl:
    """Reads what changed in one channel since its cursor."""

    endpoint = "orders/delta"

    def __init__(self, api: InventorumClient, channel: str, reading: Reading) -> None:
        self._api = api
        self._channel = channel
        self._reading = reading
        self._window_id = f"{reading.run_id}/{channel}"

    def run(self, spool: Spool, ledger: Ledger, cursor: datetime | None) -> bool:
        """Fill the spool and enter the crawl in the ledger; whether the rows may be landed.

        Raises:
            LoginError: The whole run ends.
        """
        started_at = self._reading.now()
        stored = None if cursor is None or cursor <= EPOCH else cursor
        start_date = self._start_date()
        rejected: list[Rejected] = []
        crawling = crawl(
            lambda page, limit: self._api.orders_delta(
                channel=self._channel, start_date=start_date, page=page, limit=limit
            ),
            first_page=self._reading.first_page,
            executor=self._reading.executor,
            cursor=max(filter(None, (stored, self._reading.floor)), default=None),
            max_backstep=ANY_BACKSTEP if self._reading.since else self._reading.overlap / 2,
            not_after=self._reading.not_after,
        )
        facts = crawling.facts
        status, message = "complete", None
        try:
            buffer = RowBuffer(spool, self._reading, "delta")
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
                self._reading.progress.update_part("reading orders", self._channel, read, facts.last_total)
            buffer.flush()
        except ApiError as error:
            status, message = self._failure(error, facts)
        self._log(status, facts, start_date)
        complete = status == "complete"
        row = window_row(self._reading, facts, self._channel, self.endpoint, self._window_id, started_at)
        unique = list(dict.fromkeys(rejected))
        row |= {"start_date": start_date, "status": status, "message": message}
        if facts.watermark is None and stored and facts.server_time and facts.server_time < stored:
            row["watermark"] = facts.server_time  # set back; the next crawl must know how far
        row["quarantined"] = len(unique) if complete else 0
        ledger.add(
            row,
            quarantine_rows(self._reading, self._channel, self.endpoint, self._window_id, unique) if complete else (),
        )
        return complete

    def _log(self, status: str, facts: CrawlFacts, start_date: datetime | None) -> None:
        since = start_date or "the beginning"
        cursor = facts.watermark if status == "complete" else "stays"
        told = (self._channel, since, status, facts.requests, facts.rows, cursor)
        logger.info("%s since %s: %s, %s requests, %s orders read, cursor %s", *told)

    def _start_date(self) -> datetime | None:
        reading = self._reading
        return begin_of(
            reading.known,
            self._channel,
            since=reading.since,
            start_date=reading.start_date,
            overlap=reading.overlap,
        )

    def _failure(self, error: ApiError, facts: CrawlFacts) -> tuple[str, str]:
        refused = isinstance(error, RequestRefused) and error.status == 400 and facts.rows == 0
        if refused and self._channel in DOUBTFUL_CHANNELS - self._reading.required:
            return "unsupported", "The API does not know this channel; it is left out."
        return "incomplete", str(error)
