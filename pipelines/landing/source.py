"""The dlt source: one resource per channel with a cursor of its own, the ledger of crawls, the quarantine.

`inventorum_source` is for pipelines of anybody's own; `inventorum sync` runs the same resources in its sealed one.
Columns: `schemas`; appended and never changed. Every resource yields Arrow tables of the full schema and nothing else,
so that the columns never depend on what a load happens to bring.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa

from pipelines.connection import connect
from pipelines.errors import CrawlError
from pipelines.inventorum.http.client import InventorumClient
from pipelines.landing.crawl import FETCH_THREADS, DeltaCrawl, Ledger, RunContext
from pipelines.landing.cursors import KnownTimes
from pipelines.landing.dlt_internals import CURSOR, cursors_in
from pipelines.landing.log import new_run_id
from pipelines.landing.schemas import TABLES, hints
from pipelines.landing.spool import Spool
from pipelines.progress import Silent
from pipelines.settings import DEFAULT_BASE_URL, Settings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dlt.source(name="inventorum", section="inventorum", max_table_nesting=0)
def inventorum_source(
    base_url: str = DEFAULT_BASE_URL,
    access_token: str | None = dlt.secrets.value,
    client_id: str | None = dlt.secrets.value,
    client_secret: str | None = dlt.secrets.value,
    refresh_token: str | None = dlt.secrets.value,
    channels: Any = None,  # Any: dlt leaves words between commas as they are
    start_date: str | None = None,
    api_version: int = 12,
    overlap_minutes: float = 15.0,
    requests_per_second: float = 20.0,
    account: str = "default",
    delta_first_page: int | None = None,
    inventorum_home: str | None = None,  # not `home`: dlt would find HOME
) -> Iterable[Any]:
    """The orders of an Inventorum account for a dlt pipeline of your own, to any destination.

    What is not given comes from dlt's config and secrets: `[sources.inventorum]` in `.dlt/config.toml` and
    `.dlt/secrets.toml`, or `SOURCES__INVENTORUM__...` in the environment.

        import dlt
        from pipelines import inventorum_source

        pipeline = dlt.pipeline("shop", destination="filesystem", dataset_name="raw")
        pipeline.run(inventorum_source(), loader_file_format="parquet")

    Resources: `orders_<channel>`, all appending to the table `orders`, each with a cursor of its own in the pipeline's
    state: the server's clock when the last crawl that brought rows began. A run brings what changed since then less
    `overlap_minutes`; what changed within these comes again. `windows` has a row for each crawl, `quarantine` one for
    each record that is no order. The newest read of an order is that of the highest `(_watermark, _read_seq)`; the
    hash of two reads with the same content is the same.

    Args:
        base_url: Of the API.
        access_token: A fixed token; or `client_id`, `client_secret` and `refresh_token`, which renews itself.
        channels: A list, or words between commas. None: all.
        start_date: A date or ISO 8601 time; only what changed since then is read by the first run. None: everything.
        api_version: Below 12 PENDING orders come, too.
        overlap_minutes: How far each crawl goes back behind its cursor.
        requests_per_second: At most; the API's limit is 20.
        account: Stands in every row.
        delta_first_page: 0 or 1 where the API is known to start there.
        inventorum_home: Folder in which renewed tokens are kept; default: that of `inventorum sync`.

    Raises:
        SettingsError: A value is missing or malformed.
        CrawlError: A crawl could not be completed. Nothing of this run is loaded, the cursors stay.
        LoginError: The API refused the token, likewise.
    """
    settings = Settings.given(
        None if inventorum_home is None else Path(inventorum_home),
        where="the arguments of inventorum_source",
        base_url=base_url,
        access_token=access_token,
        client_id=client_id,
        client_secret=client_secret,
        refresh_token=refresh_token,
        channels=channels,
        start_date=start_date,
        api_version=api_version,
        overlap_minutes=overlap_minutes,
        requests_per_second=requests_per_second,
        account=account,
        delta_first_page=delta_first_page,
    )
    api = connect(settings, settings.require_login())
    fetchers = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch")
    context = RunContext.of(settings, new_run_id(datetime.now(UTC)), KnownTimes(), fetchers, Silent(), once=True)
    crawlers = ThreadPoolExecutor(len(settings.channels), thread_name_prefix="crawl")
    yield from resources(Crawls(api, context, Ledger(), crawlers, is_alone=True), settings.channels)


@dataclass(frozen=True)
class Crawls:
    """What the resources of one source share.

    Attributes:
        crawlers: Runs the crawls, all at once; a thread for each channel.
        extracted: Counts the rows that are handed to dlt, by table.
        is_alone: Whether nobody looks at the ledger: a crawl that could not be completed is a fault, and what earlier
            ones have noted stands in dlt's state only.
    """

    api: InventorumClient
    context: RunContext
    ledger: Ledger
    crawlers: Executor
    extracted: Counter[str] = field(default_factory=Counter)
    is_alone: bool = False

    def crawl(self, channel: str) -> DeltaCrawl:
        """The crawl of a channel; call it while dlt extracts."""
        context = self.context
        if self.is_alone:
            kept = cursors_in(dlt.current.source_state())
            cursors = {name: cursor for name, cursor in kept.items() if cursor > EPOCH}
            context = replace(context, known=KnownTimes(cursors, max(cursors.values(), default=None)))
        return DeltaCrawl(self.api, channel, context)

    def fault(self, channel: str) -> CrawlError | None:
        """Why a crawl that has ended could not be completed; None if that is no fault."""
        status, message = next(
            (window["status"], window["message"]) for window in self.ledger.windows if window["channel"] == channel
        )
        return CrawlError(message) if self.is_alone and status == "incomplete" else None


def resources(crawls: Crawls, channels: Sequence[str]) -> Iterable[Any]:
    """The orders of the given channels, with the ledger of how they were read.

    Resources: `orders_<channel>` (all append to `orders`), `windows`, `quarantine`, in this order.
    """
    for channel in channels:
        yield _orders(channel, crawls)
    yield _ledger_resource("windows", crawls, lambda: crawls.ledger.windows)
    yield _ledger_resource("quarantine", crawls, lambda: crawls.ledger.quarantine)


# For `inventorum sync`: without arguments that dlt would look up.
crawls_source = dlt.source(resources, name="inventorum", max_table_nesting=0)


def _orders(channel: str, crawls: Crawls) -> Any:
    cursor = dlt.sources.incremental[datetime](
        CURSOR,
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
        crawl = crawls.crawl(channel)
        with (
            _folder(crawls) as folder,
            Spool(folder / f"{channel}.arrow", crawls.context.room) as spool,
        ):
            running = crawls.crawlers.submit(crawl.run, spool, crawls.ledger, cursor.start_value)
            running.add_done_callback(lambda _: crawls.ledger.tell())
            try:
                yield from _waiting(crawls.ledger, running.done)
                if running.result():
                    yield from spool.tables()
                elif (fault := crawls.fault(channel)) is not None:
                    raise fault
            finally:
                if not running.done():  # another crawl has failed, or the user interrupts
                    crawls.api.close()
                    wait([running])

    def begun() -> Iterator[Any]:
        crawls.ledger.begin()
        yield from _whole("orders", orders(), crawls.extracted)

    return _resource(f"orders_{channel}", "orders", begun(), incremental=cursor)


@contextmanager
def _folder(crawls: Crawls) -> Iterator[Path]:
    """Where rows of crawls that are not complete yet are kept."""
    if not crawls.is_alone:
        yield crawls.context.spool
        return
    with tempfile.TemporaryDirectory(prefix="inventorum-") as folder:
        yield Path(folder)


def _resource(name: str, table: str, data: Iterator[Any], **more: Any) -> Any:
    """A resource of an iterator: for each function with arguments dlt goes through all of its settings."""
    return dlt.resource(
        data,
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


def _ledger_resource(name: str, crawls: Crawls, rows: Callable[[], list[dict[str, Any]]]) -> Any:
    def ledger_rows() -> Iterator[Any]:
        yield from _waiting(crawls.ledger, lambda: crawls.ledger.is_complete)
        yield from _one_table(name, rows())

    return _resource(name, name, _whole(name, ledger_rows(), crawls.extracted))


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
    yield _resource("orders_history", "orders", _whole("orders", orders, extracted))
    for table, rows in {"windows": windows, "quarantine": quarantine, **more}.items():
        yield _resource(table, table, _whole(table, _one_table(table, rows), extracted))


def _one_table(table: str, rows: list[dict[str, Any]]) -> Iterator[pa.Table]:
    if rows:
        yield pa.Table.from_pylist(rows, schema=TABLES[table])
