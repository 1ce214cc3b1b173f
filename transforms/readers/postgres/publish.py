"""Publishes the warehouse to PostgreSQL: readers there see the old state or the new one, whole."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from transforms.readers.postgres import standing
from transforms.readers.postgres.errors import ServerFailed
from transforms.readers.postgres.server import read_address, session
from transforms.readers.postgres.shapes import read_shapes
from transforms.readers.postgres.write import Written, write
from transforms.readers.published import open_published
from transforms.runner.ledger import read_meta
from transforms.runner.session import readable_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import duckdb

    from transforms.readers.postgres.server import Session
    from transforms.readers.postgres.shapes import Shape
    from transforms.readers.postgres.standing import Standing

LOADS, META = "ops.loads", "ops.meta"


@dataclass(frozen=True)
class ServerReport:
    """What came to the server.

    Attributes:
        server: Host, port and database.
        is_first: Nothing of ours was there before.
        tables: Those of which something was written.
    """

    server: str
    is_first: bool = False
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_deleted: int = 0
    tables: list[Written] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_news(self) -> bool:
        """Whether anything was written."""
        return self.is_first or bool(self.tables)

    def in_words(self) -> str:
        """One line."""
        if not self.is_news:
            return f"Nothing new: {self.server} has what is published here."
        if self.is_first:
            return f"Published to {self.server}: {self.rows_inserted} rows in {len(self.tables)} tables."
        counts = f"{self.rows_inserted} rows inserted, {self.rows_updated} updated, {self.rows_deleted} deleted"
        return f"Published to {self.server}: {counts}."


def publish(
    published: Path,
    url: str,
    *,
    full: bool = False,
    replace: bool = False,
    on_step: Callable[[str, int, int], object] | None = None,
) -> ServerReport:
    """Bring core, marts and ops of a database to what the published warehouse holds, in one transaction.

    Views of the warehouse stand there as tables. Whatever else is in the database stays as it is: tables, views,
    grants, indexes and columns of others. Without news nothing is written.

    Args:
        full: Compare every row with the server's, whatever was noted when it was published last.
        replace: Also where the database holds another warehouse.

    Raises:
        ServerFailed: And its kinds; the database is as it was.
        TransformError: There is no published warehouse.
    """
    began = perf_counter()
    # the warehouse is opened once no other publish is at work, so that a newer one is never replaced by an older
    with (
        session(read_address(url)) as server,
        readable_faults(published),
        closing(open_published(published)) as warehouse,
    ):
        shapes = read_shapes(warehouse)
        there = standing.read_standing(server)
        standing.refuse(server, there, shapes)
        if not replace:
            _refuse_another(server, there, warehouse, published)
        if not full and _is_current(server, there, warehouse, shapes):
            return ServerReport(server.address.name, seconds=perf_counter() - began)
        written = _write_all(server, there, warehouse, shapes, full=full, on_step=on_step)
        server.commit()
    return ServerReport(
        server.address.name,
        is_first=not there.notes,
        rows_inserted=sum(table.inserted for table in written),
        rows_updated=sum(table.updated for table in written),
        rows_deleted=sum(table.deleted for table in written),
        tables=[table for table in written if table.rows or table.columns_added],
        seconds=perf_counter() - began,
    )


def _refuse_another(server: Session, there: Standing, warehouse: duckdb.DuckDBPyConnection, published: Path) -> None:
    if LOADS not in there.notes:
        return
    known = {load for (load,) in warehouse.execute(f"select load_id from {LOADS}").fetchall()}
    if {load for (load,) in server.rows(f"select load_id from {LOADS}")} <= known:
        return
    raise ServerFailed(
        f"{server.address.name} holds loads that {published} does not: it was published from another home, or from a "
        "later state of this one. Nothing was written. Name another database, or put this warehouse in its place: "
        "`inventorum publish postgres --replace`."
    )


def _is_current(
    server: Session, there: Standing, warehouse: duckdb.DuckDBPyConnection, shapes: Iterable[Shape]
) -> bool:
    if any(shape.name not in there.notes or there.missing_columns(shape) for shape in shapes):
        return False
    return dict(server.rows(f"select key, value from {META}")) == read_meta(warehouse)


def _write_all(
    server: Session,
    there: Standing,
    warehouse: duckdb.DuckDBPyConnection,
    shapes: list[Shape],
    *,
    full: bool,
    on_step: Callable[[str, int, int], object] | None,
) -> list[Written]:
    for schema in sorted({shape.table.schema for shape in shapes} - there.schemas):
        server.run(f"create schema {schema}")
    standing.make_notes(server, there)
    written = []
    for number, shape in enumerate(shapes):
        if on_step is not None:
            on_step(f"publish {shape.name}", number, len(shapes))
        written.append(write(server, warehouse, shape, there, full=full))
    return written
