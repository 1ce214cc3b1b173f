"""The dlt source: one resource per channel with a cursor of its own, the ledger of crawls, the quarantine.

Everything lands in the dataset `raw` (columns below), appended and never changed.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa

from pipelines.errors import ApiError, LoginError, RequestRefused
from pipelines.inventorum.client import Answer, InventorumClient
from pipelines.inventorum.reading import Crawl, crawl
from pipelines.inventorum.spool import ROWS_PER_TABLE, Spool
from pipelines.progress import Progress

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
UTC_TIMESTAMP = pa.timestamp("us", tz="UTC")

ORDERS = pa.schema(
    [
        pa.field("account", pa.string(), nullable=False),
        pa.field("order_id", pa.int64(), nullable=False),
        pa.field("channel", pa.string()),
        pa.field("state", pa.int32()),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("_source", pa.string(), nullable=False),
        pa.field("_window_id", pa.string(), nullable=False),
        pa.field("_read_seq", pa.int64(), nullable=False),
        pa.field("_read_at", UTC_TIMESTAMP, nullable=False),
        pa.field("_watermark", UTC_TIMESTAMP, nullable=False),
        pa.field("_api_version", pa.int32()),
    ]
)
WINDOWS = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("endpoint", pa.string(), nullable=False),
        pa.field("start_date", UTC_TIMESTAMP),
        pa.field("end_date", UTC_TIMESTAMP),
        pa.field("watermark", UTC_TIMESTAMP),
        pa.field("requests", pa.int64(), nullable=False),
        pa.field("retreats", pa.int64(), nullable=False),
        pa.field("first_total", pa.int64()),
        pa.field("last_total", pa.int64()),
        pa.field("row_count", pa.int64(), nullable=False),
        pa.field("distinct_ids", pa.int64(), nullable=False),
        pa.field("quarantined", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("message", pa.string()),
        pa.field("started_at", UTC_TIMESTAMP, nullable=False),
        pa.field("finished_at", UTC_TIMESTAMP, nullable=False),
    ]
)
QUARANTINE = pa.schema(
    [
        pa.field("account", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("endpoint", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("order_id", pa.string()),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("read_at", UTC_TIMESTAMP, nullable=False),
    ]
)

# dlt would take nullability and types from Arrow; the hints name them so that an empty first crawl creates
# the same tables as a full one.
_TYPES: dict[pa.DataType, dict[str, Any]] = {
    pa.string(): {"data_type": "text"},
    pa.int64(): {"data_type": "bigint"},
    pa.int32(): {"data_type": "bigint", "precision": 32},
    UTC_TIMESTAMP: {"data_type": "timestamp", "precision": 6, "timezone": True},
}


def _hints(schema: pa.Schema) -> dict[str, Any]:
    return {f.name: {**_TYPES[f.type], "nullable": f.nullable} for f in schema}


@dataclass(frozen=True)
class Reading:
    """What all crawls of one run share.

    Attributes:
        run_id: Joins the ledger rows of one run.
        floor: Newest watermark in the landing log; every watermark of this run is later, so that versions
            keep the order in which they were read.
        since: Read from here instead of from the cursor (`sync --from`).
        spool: Folder for rows of crawls that are not complete yet.
        required: Channels that the user asked for by name; elsewhere `backoffice` may be refused.
    """

    run_id: str
    account: str
    overlap: timedelta
    start_date: datetime | None
    floor: datetime | None
    since: datetime | None
    spool: Path
    executor: Executor
    progress: Progress
    now: Callable[[], datetime]
    required: frozenset[str] = frozenset()
    sequence: Iterator[int] = field(default_factory=itertools.count)


class Ledger:
    """What happened in this run: one row a crawl, one a rejected record. Safe to fill from any thread."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._finished = threading.Condition()
        self.windows: list[dict[str, Any]] = []
        self.quarantine: list[dict[str, Any]] = []

    def add(self, window: dict[str, Any], rejected: Iterable[dict[str, Any]]) -> None:
        """Record one crawl that has ended, well or badly."""
        with self._finished:
            self.windows.append(window)
            self.quarantine.extend(rejected)
            self._finished.notify_all()

    def complete(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the last crawl; whether all have ended."""
        with self._finished:
            return self._finished.wait_for(lambda: len(self.windows) >= self._expected, timeout)


@dlt.source(name="inventorum", max_table_nesting=0)
def inventorum_source(
    api: InventorumClient, channels: Sequence[str], reading: Reading, ledger: Ledger
) -> Iterable[Any]:
    """The orders of the given channels, with the ledger of how they were read.

    Resources: `orders_<channel>` (all append to `orders`), `windows`, `quarantine`.
    """
    for channel in channels:
        yield _orders(api, channel, reading, ledger)
    yield _ledger_resource("windows", WINDOWS, ledger, lambda: ledger.windows)
    yield _ledger_resource("quarantine", QUARANTINE, ledger, lambda: ledger.quarantine)


def _orders(api: InventorumClient, channel: str, reading: Reading, ledger: Ledger) -> Any:
    @dlt.resource(
        name=f"orders_{channel}",
        table_name="orders",
        write_disposition="append",
        columns=_hints(ORDERS),
        parallelized=True,
    )
    def orders(
        watermark: dlt.sources.incremental[datetime] = dlt.sources.incremental(
            "_watermark", initial_value=EPOCH, range_start="open", primary_key=()
        ),
    ) -> Iterator[Any]:
        """Every version of this channel's orders that the API shows since the cursor.

        Appended, not merged: history, replay and as-of questions need each version.
        Shape: Arrow tables of up to ROWS_PER_TABLE rows, columns as in ORDERS.
        An incomplete crawl yields nothing, so that its cursor stays; the ledger says why.

        Source: GET /orders/delta/.
        """
        yield dlt.mark.materialize_table_schema()  # a channel without orders still gets the table
        with Spool(reading.spool / f"{channel}.arrow") as spool:
            if _DeltaCrawl(api, channel, reading, ledger).read_into(spool, watermark.start_value):
                yield from spool.tables()

    return orders


def _ledger_resource(
    name: str, schema: pa.Schema, ledger: Ledger, rows: Callable[[], list[dict[str, Any]]]
) -> Any:
    @dlt.resource(
        name=name, table_name=name, write_disposition="append", columns=_hints(schema), parallelized=True
    )
    def resource() -> Iterator[Any]:
        yield dlt.mark.materialize_table_schema()
        while not ledger.complete(timeout=0.2):
            yield None  # lets dlt look after the crawls, and notice a failed one
        if rows():
            yield pa.Table.from_pylist(rows(), schema=schema)

    return resource
