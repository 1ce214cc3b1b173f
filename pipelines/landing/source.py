"""The dlt source: one resource per channel with a cursor of its own, the ledger of crawls, the quarantine.

Everything lands in the dataset `raw` (columns: `schemas`), appended and never changed. Every resource yields Arrow
tables of the full schema and nothing else, so that the columns never depend on what a load happens to bring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, wait
from datetime import UTC, datetime
from typing import Any

import dlt
import pyarrow as pa

from pipelines.inventorum.http.client import InventorumClient
from pipelines.landing.crawl import DeltaCrawl, Ledger, RunContext
from pipelines.landing.schemas import TABLES, hints
from pipelines.landing.spool import Spool

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dlt.source(name="inventorum", max_table_nesting=0)
def inventorum_source(
    api: InventorumClient,
    channels: Sequence[str],
    context: RunContext,
    ledger: Ledger,
    crawlers: Executor,
    extracted: Counter[str],
) -> Iterable[Any]:
    """The orders of the given channels, with the ledger of how they were read.

    Resources: `orders_<channel>` (all append to `orders`), `windows`, `quarantine`.

    Args:
        crawlers: Runs the crawls, all at once; a thread for each channel.
        extracted: Counts the rows that are handed to dlt, by table.
    """
    for channel in channels:
        yield _orders(api, channel, context, ledger, crawlers, extracted)
    yield _ledger_resource("windows", ledger, lambda: ledger.windows, extracted)
    yield _ledger_resource("quarantine", ledger, lambda: ledger.quarantine, extracted)


def _orders(
    api: InventorumClient,
    channel: str,
    context: RunContext,
    ledger: Ledger,
    crawlers: Executor,
    extracted: Counter[str],
) -> Any:
    cursor = dlt.sources.incremental[datetime](
        "_watermark",
        initial_value=EPOCH,
        range_start="open",
        primary_key=(),
        allow_external_schedulers=False,  # Airflow's interval would take the place of the cursor
    )

    def orders() -> Iterator[Any]:
        """Every version of this channel's orders that the API shows since the cursor.

        Appended, not merged: history, replay and as-of questions need each version.
        Shape: Arrow tables of some ten thousand rows, columns as in ORDERS.
        An incomplete crawl yields nothing, so that its cursor stays; the ledger says why.

        Source: GET /orders/delta/.
        """
        crawl = DeltaCrawl(api, channel, context)
        with Spool(context.spool / f"{channel}.arrow", context.room) as spool:
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

    return _resource(f"orders_{channel}", "orders", orders(), extracted, incremental=cursor)


def _resource(name: str, table: str, data: Iterator[Any], extracted: Counter[str], **more: Any) -> Any:
    """A resource of an iterator: for each function with arguments dlt goes through all of its settings."""
    return dlt.resource(
        _whole(table, data, extracted),
        name=name,
        table_name=table,
        write_disposition="append",
        columns=hints(TABLES[table]),
        **more,
    )


def _whole(table: str, data: Iterator[Any], extracted: Counter[str]) -> Iterator[Any]:
    """An empty table with all columns first, which makes the table of the landing log if it has none; then the rows."""
    if table not in dlt.current.source_schema().tables:
        yield TABLES[table].empty_table()
    for rows in data:
        if rows is not None:
            extracted[table] += rows.num_rows
        yield rows


def _ledger_resource(
    name: str, ledger: Ledger, rows: Callable[[], list[dict[str, Any]]], extracted: Counter[str]
) -> Any:
    def ledger_rows() -> Iterator[Any]:
        yield from _waiting(ledger, lambda: ledger.is_complete)
        yield from _one_table(name, rows())

    return _resource(name, name, ledger_rows(), extracted)


def _waiting(ledger: Ledger, is_over: Callable[[], bool]) -> Iterator[None]:
    """Give dlt its turn whenever a crawl ends, or after a while, until something is over."""
    heard = -1
    while not is_over():
        heard = ledger.listen(heard, timeout=0.5)
        yield None


@dlt.source(name="inventorum", max_table_nesting=0)
def history_source(
    orders: Iterator[pa.Table],
    extracted: Counter[str],
    windows: list[dict[str, Any]],
    quarantine: list[dict[str, Any]],
    **more: list[dict[str, Any]],
) -> Iterable[Any]:
    """What `GET /orders/` gave, with its ledger rows, as one package.

    Resources: `orders_history` (appends to `orders`, has no cursor), `windows`, `quarantine`, and for a
    reconciliation `reconciliation` and `absences`.

    Args:
        extracted: Counts the rows that are handed to dlt, by table.
        more: Rows of other tables, by name.
    """
    yield _resource("orders_history", "orders", orders, extracted)
    for table, rows in {"windows": windows, "quarantine": quarantine, **more}.items():
        yield _resource(table, table, _one_table(table, rows), extracted)


def _one_table(table: str, rows: list[dict[str, Any]]) -> Iterator[pa.Table]:
    if rows:
        yield pa.Table.from_pylist(rows, schema=TABLES[table])
