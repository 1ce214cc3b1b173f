"""Which columns each column is computed from, down to the member of the order that the API sent.

Only what a value is computed from counts; filters and joins decide on rows and stand in the SQL. What sqlglot
cannot follow is left out: a column without an entry is one whose sources are not derivable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transforms.readers.docs.columns import Columns, NotDerivable, Source
from transforms.readers.docs.sql_files import read_models, seed_columns
from transforms.runner.models import read_macros

if TYPE_CHECKING:
    from pathlib import Path

    from transforms.readers.docs.sql_files import SqlFile

UNTYPED = "unknown"


@dataclass
class Lineage:
    """What columns are computed from.

    Attributes:
        tables: Per table the tables that its SELECT names, staging and helpers included.
    """

    tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _columns: dict[str, Columns] = field(default_factory=dict)
    _kept: frozenset[str] = frozenset()
    _bookkeeping: frozenset[str] = frozenset()
    _followed: dict[tuple[Source, frozenset[str]], frozenset[Source] | None] = field(default_factory=dict)

    def sources(self, table: str, column: str) -> tuple[Source, ...] | None:
        """The columns of other published tables, of `raw` or of seeds that a column is computed from.

        Empty: a constant, or generated. None: not derivable.
        """
        return self._resolved(table, column, self._kept)

    def origins(self, table: str, column: str) -> tuple[Source, ...] | None:
        """The columns of `raw` and of seeds, with the members of the order, that a column rests on."""
        return self._resolved(table, column, frozenset())

    def feeds(self, table: str) -> tuple[str, ...]:
        """The published tables that read a table, directly or through temporary ones."""
        readers = {name for name in self._kept if table in self.reads(name)}
        return tuple(sorted(readers))

    def reads(self, table: str) -> tuple[str, ...]:
        """The published tables, and those of `raw` and seeds, that feed a table; temporary ones are seen through."""
        found: set[str] = set()
        pending, seen = list(self.tables.get(table, ())), {table, *self._bookkeeping}
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self.tables and name not in self._kept:
                pending.extend(self.tables[name])
            elif not name.startswith("staging."):  # a key set of the runner
                found.add(name)
        return tuple(sorted(found))

    def _resolved(self, table: str, column: str, kept: frozenset[str]) -> tuple[Source, ...] | None:
        try:
            found = self._follow(Source(table, column), kept)
        except (NotDerivable, SqlglotError, RecursionError):
            return None
        return tuple(sorted(found))

    def _follow(self, of: Source, kept: frozenset[str]) -> frozenset[Source]:
        """What something is made from, each followed once: many columns rest on the same few.

        Raises:
            NotDerivable: One of its sources cannot be followed.
        """
        key = (of, kept)
        if key not in self._followed:
            self._followed[key] = frozenset()  # what rests on itself adds nothing to itself
            try:
                self._followed[key] = frozenset(self._found(of, kept))
            except NotDerivable:
                self._followed[key] = None
        found = self._followed[key]
        if found is None:
            raise NotDerivable
        return found

    def _found(self, of: Source, kept: frozenset[str]) -> Iterator[Source]:
        columns = self._columns.get(of.table)
        if columns is None:
            raise NotDerivable
        for source in columns.of(of.column, of.member):
            if source.table in kept or source.table not in self.tables:
                yield source
            else:
                yield from self._follow(source, kept)


def trace(sql_dir: Path, published: Mapping[str, Mapping[str, str]], only: str | None = None) -> Lineage:
    """The lineage of the published tables.

    Args:
        published: Per published `schema.name` its columns and their types.
        only: A table whose lineage is wanted; files that do not feed it are not parsed.
    """
    models = read_models(sql_dir)
    lineage = Lineage(
        _kept=frozenset(published),
        # which rows are rebuilt is no content
        _bookkeeping=frozenset(n for n, model in models.items() if model.head.get("rebuild") in ("touched", "changed")),
    )
    known = {name: dict(columns) for name, columns in published.items()}
    known |= {name: dict.fromkeys(columns, "varchar") for name, columns in seed_columns(sql_dir).items()}
    settings = _settings_of_macros(sql_dir)
    parsed: dict[str, exp.Query] = {}
    pending = [only] if only else list(models)
    while pending:
        name = pending.pop()
        if name not in models or name in lineage.tables:
            continue
        statement = _parse(models[name])
        lineage.tables[name] = _reads(statement) if statement else ()
        if statement:
            parsed[name] = statement
        pending += [read for read in lineage.tables[name] if not only or read not in published]
    for name in _in_order(lineage.tables):
        if name in parsed:
            read = {table: known[table] for table in lineage.tables[name] if table in known}
            columns = Columns.read(parsed[name], read, settings)
            if columns:
                lineage._columns[name] = columns
                known.setdefault(name, dict.fromkeys(columns.names, UNTYPED))
    return lineage


def _parse(model: SqlFile) -> exp.Query | None:
    try:
        statement = sqlglot.parse_one(model.text, dialect="duckdb")
    except (SqlglotError, RecursionError):
        return None
    return statement if isinstance(statement, exp.Query) else None


def _reads(statement: exp.Query) -> tuple[str, ...]:
    return tuple(sorted({f"{table.db}.{table.name}" for table in statement.find_all(exp.Table) if table.db}))


def _in_order(tables: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Each table after those that it reads; a circle is left as it is."""
    ordered: dict[str, None] = {}

    def place(name: str, above: frozenset[str]) -> None:
        for read in tables.get(name, ()):
            if read not in above and read not in ordered:
                place(read, above | {read})
        ordered[name] = None

    for name in tables:
        place(name, frozenset({name}))
    return list(ordered)


def _settings_of_macros(sql_dir: Path) -> dict[str, frozenset[str]]:
    """Per macro the settings that it or a macro within it depends on."""
    text = re.sub(r"--.*", "", "\n".join(read_macros(sql_dir).values()))
    bodies = dict(re.findall(r"macro\s+(\w+)\s*\([^)]*\)\s+as\s+(.*?);", text, re.DOTALL | re.IGNORECASE))
    found = {name: frozenset(re.findall(r"getvariable\('(\w+)'\)", body)) for name, body in bodies.items()}
    for _ in bodies:
        wider = {
            name: found[name].union(*(found[called] for called in re.findall(r"(\w+)\(", body) if called in found))
            for name, body in bodies.items()
        }
        if wider == found:
            break
        found = wider
    return found
