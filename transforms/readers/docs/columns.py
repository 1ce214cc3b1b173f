"""What the columns of one SELECT are computed from, by walking sqlglot's scopes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

ROWS = "*"  # stands for a column where rows are counted
SETTING = "setting"  # stands for a table where a value depends on a setting


@dataclass(frozen=True, order=True)
class Source:
    """Something that a value is computed from.

    Attributes:
        table: `schema.name`, or `setting`.
        column: Its column; `*` where its rows are counted.
        member: Path inside the column where it holds a document, such as `basket.items[].gross_price`.
    """

    table: str
    column: str
    member: str = ""

    def __str__(self) -> str:
        return f"{self.table}.{self.column}" + (f": {self.member}" if self.member else "")


class NotDerivable(Exception):
    """Something between a column and its sources cannot be followed."""


@dataclass
class Columns:
    """The columns of one SELECT, each with what it is computed from."""

    scope: Scope
    settings: Mapping[str, frozenset[str]]
    _known: dict[tuple[int, str, str], frozenset[Source]] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        statement: exp.Query,
        known: Mapping[str, Mapping[str, str]],
        settings: Mapping[str, frozenset[str]],
    ) -> Columns | None:
        schema = MappingSchema(dialect="duckdb")
        for name, columns in known.items():
            schema.add_table(name, dict(columns), match_depth=False)
        try:
            qualified = qualify(
                statement,
                dialect="duckdb",
                schema=schema,
                validate_qualify_columns=False,
                identify=False,
                quote_identifiers=False,
            )
            scope = build_scope(qualified)
        except (SqlglotError, RecursionError):
            return None
        return cls(scope, settings) if scope else None

    @property
    def names(self) -> list[str]:
        return list(_query(self.scope).named_selects)

    def of(self, column: str, member: str) -> frozenset[Source]:
        """What a column, or the rows, of the whole SELECT are made from."""
        if column == ROWS:
            return self.counted(self.scope)
        return self._column(self.scope, column, member)

    def _column(self, scope: Scope, column: str, member: str) -> frozenset[Source]:
        key = (id(scope), column.lower(), member)
        if key not in self._known:
            self._known[key] = frozenset()  # a recursive CTE adds nothing to itself
            self._known[key] = frozenset(self._expression(scope, column, member))
        return self._known[key]

    def _expression(self, scope: Scope, column: str, member: str) -> Iterator[Source]:
        if _branches(scope):
            names = [name.lower() for name in _query(scope).named_selects]
            if column.lower() not in names:
                raise NotDerivable
            place = names.index(column.lower())
            for branch in _branches(scope):
                yield from self._column(branch, _query(branch).named_selects[place], member)
            return
        for projection in _query(scope).selects:
            if projection.alias_or_name.lower() == column.lower():
                # what decides between values is named only where it makes the value
                found = set(self._sources(scope, projection, member, conditions=False))
                found = found or set(self._sources(scope, projection, member, conditions=True))
                if not found and projection.find(exp.AggFunc):
                    found = set(self.counted(scope))  # the sum of a constant counts rows
                yield from found
                return
        if len(scope.selected_sources) == 1 and any(chosen.is_star for chosen in _query(scope).selects):
            yield from self._source(scope, next(iter(scope.selected_sources)), column, member)
            return
        raise NotDerivable

    def _sources(self, scope: Scope, projection: exp.Expr, member: str, *, conditions: bool) -> Iterator[Source]:
        for node in _nodes(scope, projection, conditions=conditions):
            if isinstance(node, exp.Column):
                yield from self._source(scope, node.table, node.name, _member(node, projection) + member)
            elif isinstance(node, exp.Query):
                for inner in scope.subquery_scopes:
                    if inner.expression is node:
                        for name in node.named_selects:
                            yield from self._column(inner, name, "")
            elif isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
                yield from self.counted(scope)
            elif isinstance(node, exp.Anonymous):
                for setting in self.settings.get(node.name.lower(), ()):
                    yield Source(SETTING, setting)

    def _source(self, scope: Scope, table: str, column: str, member: str) -> Iterable[Source]:
        if not table and len(scope.selected_sources) == 1:
            table = next(iter(scope.selected_sources))
        source = scope.sources.get(table)
        if isinstance(source, Scope) and not source.is_udtf:
            return self._column(source, column, member)
        if isinstance(source, exp.Table) and not source.db:
            return []  # a table function: its rows are generated
        if isinstance(source, exp.Table):
            return [Source(f"{source.db}.{source.name}", column, member.lstrip("."))]
        raise NotDerivable

    def counted(self, scope: Scope) -> frozenset[Source]:
        """What the rows of a SELECT are: those of the table that stands first, or the elements of a list."""
        key = (id(scope), ROWS, "")
        if key not in self._known:
            self._known[key] = frozenset(self._rows(scope))
        return self._known[key]

    def _rows(self, scope: Scope) -> Iterator[Source]:
        if branches := _branches(scope):
            for branch in branches:
                yield from self.counted(branch)
            return
        for projection in _query(scope).selects:
            if projection.find(exp.Explode, exp.Unnest):
                yield from self._sources(scope, projection, "", conditions=False)
                return
        clause = scope.expression.args.get("from_") or scope.expression.args.get("from")
        source = scope.sources.get(clause.this.alias_or_name) if clause else None
        if isinstance(source, Scope):
            yield from self.counted(source)
        elif isinstance(source, exp.Table) and source.db:
            yield Source(f"{source.db}.{source.name}", ROWS)


def _nodes(scope: Scope, projection: exp.Expr, *, conditions: bool) -> Iterator[exp.Expr]:
    """The parts of an expression, without the insides of subqueries."""
    windows = {window.name.lower(): window for window in scope.expression.args.get("windows") or []}
    pending: list[exp.Expr] = [projection]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, exp.Query):
            continue
        left_out: list[object] = []
        if not conditions:
            if isinstance(node, exp.Window):
                left_out = [node.args.get("partition_by"), node.args.get("order")]
            elif isinstance(node, exp.Filter):
                left_out = [node.expression]
            elif isinstance(node, exp.If):
                left_out = [node.this]
        elif isinstance(node, exp.Window) and node.alias.lower() in windows:
            pending.append(windows[node.alias.lower()])
        pending += [child for child in node.iter_expressions() if not _within(child, left_out)]


def _within(child: exp.Expr, parts: list[object]) -> bool:
    return any(child is part or (isinstance(part, list) and child in part) for part in parts)


def _query(scope: Scope) -> exp.Query:
    if not isinstance(scope.expression, exp.Query):
        raise NotDerivable
    return scope.expression


def _branches(scope: Scope) -> list[Scope]:
    """The SELECTs of a UNION; sqlglot 28 knows them under another name than 30."""
    return getattr(scope, "set_operation_scopes", None) or getattr(scope, "union_scopes", None) or []


def _member(column: exp.Column, projection: exp.Expr) -> str:
    """The path into a document that is taken from a column: `.basket.items[]`."""
    path = ""
    node: exp.Expr = column
    while node is not projection and node.parent is not None:
        parent = node.parent
        if isinstance(parent, exp.Dot) and parent.this is node:
            path += f".{parent.expression.name}"
        elif isinstance(parent, exp.Bracket) and parent.this is node:
            path += "[]"
        elif isinstance(parent, exp.Explode | exp.Unnest):
            return path + "[]"
        else:
            return path
        node = parent
    return path
