"""Reads SELECTs with DuckDB's own parser, and renames the tables that live elsewhere than where a file names them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from transforms.errors import ModelError
from transforms.runner.models import temporary, written

if TYPE_CHECKING:
    from collections.abc import Iterable

LAYERS = frozenset({"raw", "staging", "seeds", "increments", "core", "stored", "marts", "ops"})
QUALIFIED = re.compile(rb'(?:"(?:[^"]|"")*"|[\w\x80-\xff]+)\.(?:"(?:[^"]|"")*"|[\w\x80-\xff]+)')
PARSE = "select json_serialize_sql(?, skip_default := true, skip_empty := true, skip_null := true)"


class Lasting(NamedTuple):
    """Which models are no plain tables to those that read them, as `core.name`."""

    temporary: frozenset[str]
    by_order: frozenset[str]


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


class Named(NamedTuple):
    """A table as a statement names it, and where: bytes `start` to `end` of the text are `schema.name`."""

    schema: str
    name: str
    has_alias: bool
    start: int
    end: int

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


class Compiler:
    """Compiles SELECTs.

    The text stays as it is except for the names of tables, so that DuckDB's messages fit the file.
    """

    def __init__(self, lasting: Lasting) -> None:
        self._lasting = lasting
        self._connection = duckdb.connect(config={"threads": "1"})

    def compile(self, text: str, shown: str) -> Compiled:
        """Rename the tables of a SELECT.

        Raises:
            ModelError: It is not one SELECT, or it names a table without its schema.
        """
        spans: list[tuple[int, int, str]] = []
        of_written: list[tuple[int, int, str]] = []
        tables = self.tables(text, shown)
        for table in tables:
            if table.full_name in self._lasting.by_order:
                of_written.append((table.start, table.end, _named(written(table.full_name), table)))
            elif renamed := self._renamed(table):
                spans.append((table.start, table.end, _named(renamed, table)))
        reads = tuple(sorted({table.full_name for table in tables}))
        return Compiled(_with(text, spans), _with(text, [*spans, *of_written]) if of_written else "", reads)

    def tables(self, text: str, shown: str) -> list[Named]:
        """The tables that a SELECT names with their schemas, in the order of the text.

        Raises:
            ModelError: It is not one SELECT, or it names a table otherwise.
        """
        found: dict[int, Named] = {}
        sent = text.encode()
        nodes, common = self._parse(text, shown)
        for node in nodes:
            catalog, schema = node.get("catalog_name"), node.get("schema_name")
            name = ".".join(part for part in (catalog, schema, node["table_name"]) if part)
            if not schema:
                if name not in common:
                    raise ModelError(f"{shown} names the table `{name}` without its schema.")
                continue
            if catalog or schema not in LAYERS:
                raise ModelError(f"{shown} reads `{name}`; the layers are {', '.join(sorted(LAYERS))}.")
            start = node.get("query_location", len(sent))  # in bytes
            place = QUALIFIED.match(sent, start)
            if place is None:
                raise ModelError(f"{shown} must name `{name}` as layer.table behind `from` or `join`.")
            found[start] = Named(schema, node["table_name"], bool(node.get("alias")), start, place.end())
        return [found[start] for start in sorted(found)]

    def columns(self, text: str, shown: str) -> list[str]:
        """What a SELECT calls its columns.

        Raises:
            ModelError: It is none that names them.
        """
        ((tree,),) = self._connection.execute(PARSE, [text]).fetchall()
        try:
            selected = json.loads(tree)["statements"][0]["node"]["select_list"]
            return [column.get("alias") or column["column_names"][-1] for column in selected]
        except LookupError as fault:
            raise ModelError(f"{shown} must be one SELECT that names its columns.") from fault

    def _parse(self, text: str, shown: str) -> tuple[list[dict[str, Any]], set[str]]:
        """The nodes of the tables in a SELECT, and the names of its common tables."""
        nodes: list[dict[str, Any]] = []
        common: set[str] = set()

        def note(node: dict[str, Any]) -> dict[str, Any]:
            if node.get("type") == "BASE_TABLE":
                nodes.append(node)
            elif "cte_map" in node:
                common.update(entry["key"] for entry in node["cte_map"].get("map", ()))
            return node

        ((tree,),) = self._connection.execute(PARSE, [text]).fetchall()
        read = json.loads(tree, object_hook=note)
        if read.get("error_type") == "parser":
            raise ModelError(f"sql/{shown} cannot be parsed; nothing was changed: {read['error_message']}")
        if len(read.get("statements", ())) != 1:
            raise ModelError(f"{shown} must hold one SELECT and nothing else.")
        return nodes, common

    def _renamed(self, table: Named) -> str | None:
        if table.schema == "raw" and table.name != "_dlt_loads":
            return f'landing.raw."{table.name}"'
        if table.schema in ("raw", "staging", "seeds", "stored") or table.full_name in self._lasting.temporary:
            return temporary(table.full_name)
        return None


def _with(text: str, spans: Iterable[tuple[int, int, str]]) -> str:
    sent = text.encode()
    for start, end, renamed in sorted(spans, reverse=True):
        sent = sent[:start] + renamed.encode() + sent[end:]
    return sent.decode().rstrip().rstrip(";")


def _named(renamed: str, table: Named) -> str:
    return renamed if table.has_alias else f'{renamed} as "{table.name}"'
