"""The dlt source: one resource per channel with a cursor of its own, the ledger of crawls, the quarantine.

Everything lands in the dataset `raw` (columns below), appended and never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from datetime import UTC, datetime
from typing import Any

import dlt
import pyarrow as pa

from pipelines.inventorum.http.client import InventorumClient
from pipelines.landing.crawl import DeltaCrawl, Ledger, Reading
from pipelines.landing.schemas import (
    ABSENCES,
    MONEY,
    ORDERS,
    QUARANTINE,
    RECONCILIATION,
    UTC_TIMESTAMP,
    WINDOWS,
)
from pipelines.landing.spool import Spool

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# dlt would take nullability and types from Arrow; the hints name them so that an empty first crawl creates
# the same tables as a full one.
_TYPES: dict[pa.DataType, dict[str, Any]] = {
    pa.string(): {"data_type": "text"},
    pa.int64(): {"data_type": "bigint"},
    pa.int32(): {"data_type": "bigint", "precision": 32},
    pa.bool_(): {"data_type": "bool"},
    pa.date32(): {"data_type": "date"},
    MONEY: {"data_type": "decimal", "precision": 18, "scale": 2},
    UTC_TIMESTAMP: {"data_type": "timestamp", "precision": 6, "timezone": True},
}


def _hints(schema: pa.Schema) -> dict[str, Any]:
    return {f.name: {**_TYPES[f.type], "nullable": f.nullable} for f in schema}


@dlt.source(name="inventorum", max_table_nesting=0)
def inventorum_source(
    api: InventorumClient, channels: Sequence[str], reading: Reading, ledger: Ledger, crawlers: Executor
) -> Iterable[Any]:
    """The orders of the given channels, with the ledger of how they were read.

    Resources: `orders_<channel>` (all append to `orders`), `windows`, `quarantine`.

    Args:
        crawlers: Runs the crawls, all at once; a thread for each channel.
    """
    for channel in channels:
        yield _orders(api, channel, reading, ledger, crawlers)
    yield _ledger_resource("windows", WINDOWS, ledger, lambda: ledger.windows)
    yield _ledger_resource("quarantine", QUARANTINE, ledger, lambda: ledger.quarantine)


def _orders(api: InventorumClient, channel: str, reading: Reading, ledger: Ledger, crawlers: Executor) -> Any:
    cursor = dlt.sources.incremental[datetime]("_watermark", initial_value=EPOCH, range_start="open", primary_key=())

    def orders() -> Iterator[Any]:
        """Every version of this channel's orders that the API shows since the cursor.

        Appended, not merged: history, replay and as-of questions need each version.
        Shape: Arrow tables of some ten thousand rows, columns as in ORDERS.
        An incomplete crawl yields nothing, so that its cursor stays; the ledger says why.

        Source: GET /orders/delta/.
        """
        yield from _new_table("orders")
        crawl = DeltaCrawl(api, channel, reading)
        with Spool(reading.spool / f"{channel}.arrow", reading.room) as spool:
            running = crawlers.submit(crawl.run, spool, ledger, cursor.start_value)
            running.add_done_callback(lambda _: ledger.tell())
            try:
                yield from _waiting(ledger, running.done)
                if running.result():
                    yield from spool.tables()
            finally:
                if not running.done():  # another crawl has failed, or the user interrupts
                    api.close()
                    wait([running])

    return _resource(f"orders_{channel}", "orders", ORDERS, orders(), incremental=cursor)


def _resource(name: str, table: str, schema: pa.Schema, data: Iterator[Any], **hints: Any) -> Any:
    """A resource of an iterator: for each function with arguments dlt goes through all of its settings."""
    return dlt.resource(data, name=name, table_name=table, write_disposition="append", columns=_hints(schema), **hints)


def _ledger_resource(name: str, schema: pa.Schema, ledger: Ledger, rows: Callable[[], list[dict[str, Any]]]) -> Any:
    def ledger_rows() -> Iterator[Any]:
        yield from _new_table(name)
        yield from _waiting(ledger, lambda: ledger.is_complete)
        if rows():
            yield pa.Table.from_pylist(rows(), schema=schema)

    return _resource(name, name, schema, ledger_rows())


def _new_table(name: str) -> Iterator[Any]:
    """What makes dlt create a table that may get no rows; nothing if the landing log has it."""
    if name not in dlt.current.source_schema().tables:
        yield dlt.mark.materialize_table_schema()


def _waiting(ledger: Ledger, is_over: Callable[[], bool]) -> Iterator[None]:
    """Give dlt its turn whenever a crawl ends, or after a while, until something is over."""
    heard = -1
    while not is_over():
        heard = ledger.listen(heard, timeout=0.5)
        yield None


@dlt.source(name="inventorum", max_table_nesting=0)
def history_source(
    orders: Iterator[pa.Table],
    windows: list[dict[str, Any]],
    quarantine: list[dict[str, Any]],
    reconciliation: list[dict[str, Any]] | None = None,
    absences: list[dict[str, Any]] | None = None,
) -> Iterable[Any]:
    """What `GET /orders/` gave, with its ledger rows, as one package.

    Resources: `orders_history` (appends to `orders`, has no cursor), `windows`, `quarantine`, and for a
    reconciliation `reconciliation` and `absences`.
    """
    parts = [
        ("orders_history", "orders", ORDERS, orders),
        ("windows", "windows", WINDOWS, _one_table(windows, WINDOWS)),
        ("quarantine", "quarantine", QUARANTINE, _one_table(quarantine, QUARANTINE)),
    ]
    if reconciliation is not None:
        parts.append(("reconciliation", "reconciliation", RECONCILIATION, _one_table(reconciliation, RECONCILIATION)))
    if absences is not None:
        parts.append(("absences", "absences", ABSENCES, _one_table(absences, ABSENCES)))
    for name, table, schema, tables in parts:
        yield _resource(name, table, schema, _with_schema(tables))


def _one_table(rows: list[dict[str, Any]], schema: pa.Schema) -> Iterator[pa.Table]:
    if rows:
        yield pa.Table.from_pylist(rows, schema=schema)


def _with_schema(tables: Iterator[pa.Table]) -> Iterator[Any]:
    yield dlt.mark.materialize_table_schema()
    yield from tables
