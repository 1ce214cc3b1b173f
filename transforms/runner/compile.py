"""Renames the tables of a SELECT that live elsewhere than where its file names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from transforms.runner.models import temporary, written
from transforms.runner.plain_select import plain_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transforms.runner.plain_select import Named


class Compiled(NamedTuple):
    """A SELECT ready to run.

    Attributes:
        sql: The statement with its tables renamed.
        sql_of_written: The same over the rows that a batch has written, where it reads tables that are kept
            by order; else empty.
        reads: The tables as the file names them, `schema.name`, sorted.
    """

    sql: str
    sql_of_written: str
    reads: tuple[str, ...]


class Kept(NamedTuple):
    """Which models are no plain tables to those that read them, as `core.name`."""

    temporary: frozenset[str]
    by_order: frozenset[str]


def compile_select(text: str, shown: str, kept: Kept) -> Compiled:
    """Rename the tables of a SELECT.

    The text stays as it is except for those names, so that DuckDB's messages fit the file. A fault of its
    syntax may show only when DuckDB runs it.

    Raises:
        ModelError: It is not one SELECT, or it names a table without its schema.
    """
    spans: list[tuple[int, int, str]] = []
    of_written: list[tuple[int, int, str]] = []
    tables = _tables(text, shown)
    for table in tables:
        if table.full_name in kept.by_order:
            of_written.append((table.start, table.end, _named(written(table.full_name), table)))
        elif renamed := _renamed(table, kept.temporary):
            spans.append((table.start, table.end, renamed))
    reads = tuple(sorted({table.full_name for table in tables}))
    return Compiled(_with(text, spans), _with(text, [*spans, *of_written]) if of_written else "", reads)


def _tables(text: str, shown: str) -> list[Named]:
    tables = plain_tables(text)
    if tables is None:
        from transforms.runner.parsed_select import parsed_tables  # sqlglot: its import costs more than all plain files

        tables = parsed_tables(text, shown)
    return tables


def _with(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    for start, end, renamed in sorted(spans, reverse=True):
        text = text[:start] + renamed + text[end:]
    return text.rstrip().rstrip(";")


def _renamed(table: Named, temporary_models: frozenset[str]) -> str | None:
    if table.full_name == "raw._dlt_loads":
        renamed = temporary(table.full_name)
    elif table.schema == "raw":
        return f'landing.raw."{table.name}"'
    elif table.schema in ("staging", "seeds", "stored") or table.full_name in temporary_models:
        renamed = temporary(table.full_name)
    else:
        return None
    return _named(renamed, table)


def _named(renamed: str, table: Named) -> str:
    return renamed if table.has_alias else f'{renamed} as "{table.name}"'
