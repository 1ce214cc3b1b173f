"""What the documentation says: the catalogue, joined with the SQL files and the lineage."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from transforms.readers.dictionary import describe
from transforms.readers.docs.columns import ROWS, SETTING
from transforms.readers.docs.lineage import trace
from transforms.readers.docs.relations import relations
from transforms.readers.docs.sql_files import read_metrics, read_models, read_samples
from transforms.readers.published import open_published
from transforms.runner.ledger import read_meta
from transforms.runner.models import sql_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from transforms.readers.dictionary import Table
    from transforms.readers.docs.columns import Source
    from transforms.readers.docs.lineage import Lineage
    from transforms.readers.docs.relations import Relation
    from transforms.readers.docs.sql_files import Metric, SqlFile

SCHEMAS: Mapping[str, tuple[str, str]] = {
    "marts": ("Reports", "One answer per table. Start here."),
    "core": ("Star schema", "Facts (`fct_`), dimensions (`dim_`) and bridges. Start here for a question of your own."),
    "ops": ("Plumbing", "Sums that reports are computed from; what was loaded, each run did, each check found."),
}

RULES: Mapping[str, str] = {
    "currency": "currency",
    "timezone": "time zone",
    "day_starts_at": "days start at hour",
}


@dataclass(frozen=True)
class Reference:
    """Something that a column is computed from, as a reader is told it.

    Attributes:
        text: `fct_orders.state`, `basket.items[].price`, `rows of fct_orders`.
        kind: `column`, `member` (of the order that the API sent), `raw`, `seed` or `setting`.
        table: The published table that it stands in.
        column: Its column there.
    """

    text: str
    kind: str
    table: str | None = None
    column: str | None = None


@dataclass(frozen=True)
class ColumnEntry:
    """One column.

    Attributes:
        sources: What it is computed from; empty: a constant, or generated; None: not derivable.
        origins: What it rests on in the end, where that says more than `sources`.
    """

    name: str
    type: str
    description: str
    sources: tuple[Reference, ...] | None
    origins: tuple[Reference, ...]


@dataclass(frozen=True)
class TableEntry:
    """One table.

    Attributes:
        reads: Published tables, and those of `raw` and seeds, that it is made from.
        feeds: Published tables that are made from it.
        sql: Its SELECT; empty where the program writes it.
    """

    table: Table
    columns: tuple[ColumnEntry, ...]
    reads: tuple[str, ...]
    feeds: tuple[str, ...]
    sql: str
    path: str


@dataclass(frozen=True)
class Content:
    """All that the documentation says.

    Attributes:
        rules: The settings that shape figures, from the published file.
        built_at: When the warehouse was built; empty where it does not say.
    """

    tables: tuple[TableEntry, ...]
    relations: tuple[Relation, ...]
    metrics: tuple[Metric, ...]
    samples: tuple[SqlFile, ...]
    rules: Mapping[str, str]
    built_at: str

    @property
    def star(self) -> list[Table]:
        """The tables of `core`."""
        return [entry.table for entry in self.tables if entry.table.schema == "core"]


def read_content(published: Path, sql_dir: Path | None = None) -> Content:
    """Everything about a published warehouse and the SQL that makes it.

    Raises:
        TransformError: Nothing is published there, or it is no warehouse.
    """
    sql_dir = sql_dir or sql_folder()
    tables = describe(published)
    with closing(open_published(published)) as connection:
        meta = read_meta(connection)
    models = read_models(sql_dir)
    lineage = trace(sql_dir, _types(tables))
    return Content(
        tables=tuple(table_entry(table, lineage, models) for table in tables),
        relations=tuple(relations([table for table in tables if table.schema == "core"])),
        metrics=tuple(read_metrics(sql_dir)),
        samples=tuple(read_samples(sql_dir)),
        rules={name: meta[name] for name in RULES if name in meta},
        built_at=meta.get("built_at", "")[:16].replace("T", " "),
    )


def explain_tables(wanted: list[Table], tables: list[Table], sql_dir: Path | None = None) -> list[TableEntry]:
    """The entries of a few tables; what does not feed them is not parsed.

    Args:
        tables: All published tables.
    """
    sql_dir = sql_dir or sql_folder()
    models = read_models(sql_dir)
    return [
        table_entry(table, trace(sql_dir, _types(tables), only=table.full_name), models, all_origins=False)
        for table in wanted
    ]


def table_entry(
    table: Table, lineage: Lineage, models: Mapping[str, SqlFile], *, all_origins: bool = True
) -> TableEntry:
    """What is said about one table."""
    name = table.full_name
    model = models.get(name)
    columns = []
    for column in table.columns:
        sources = lineage.sources(name, column.name)
        origins = (lineage.origins(name, column.name) or ()) if all_origins else ()
        columns.append(
            ColumnEntry(
                column.name,
                column.type,
                column.description,
                None if sources is None else tuple(map(reference, sources)),
                () if sources == origins else tuple(map(reference, origins)),
            )
        )
    return TableEntry(
        table=table,
        columns=tuple(columns),
        reads=lineage.reads(name),
        feeds=lineage.feeds(name),
        sql=model.statement if model else "",
        path=f"sql/{model.path}" if model else "",
    )


def summary(entry: TableEntry) -> dict[str, Any]:
    """One table as plain values: what the catalogue says, and the names of what it is made from."""
    return {
        **asdict(entry.table),
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "description": column.description,
                "sources": None if column.sources is None else [source.text for source in column.sources],
            }
            for column in entry.columns
        ],
        "reads": entry.reads,
        "feeds": entry.feeds,
    }


def short_type(kind: str) -> str:
    """A type in the words of this repository."""
    return kind.lower().replace("timestamp with time zone", "timestamptz")


def in_words(column: ColumnEntry) -> str:
    """What a column is computed from, in one line."""
    if column.sources is None:
        return "not derivable"
    words = {"member": "payload: ", "setting": "setting "}
    return ", ".join(words.get(source.kind, "") + source.text for source in column.sources) or "constant or generated"


def reference(source: Source) -> Reference:
    """A source in words."""
    schema, _, table = source.table.partition(".")
    if source.table == SETTING:
        return Reference(source.column, "setting")
    if source.member:
        return Reference(source.member, "member")
    if schema == "raw":
        whole = "payload" if source.column == "payload" else f"{source.table}.{source.column}"
        return Reference(f"rows of {source.table}" if source.column == ROWS else whole, "raw")
    if schema == "seeds":
        return Reference(f"{source.table}.{source.column}", "seed")
    if source.column == ROWS:
        return Reference(f"rows of {table}", "column", source.table)
    return Reference(f"{table}.{source.column}", "column", source.table, source.column)


def _types(tables: list[Table]) -> dict[str, dict[str, str]]:
    return {table.full_name: {column.name: column.type for column in table.columns} for table in tables}
