"""Turns the SELECTs of the SQL files into Spark SQL: macros written out, settings as literals, rules by construct."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transforms.errors import ModelError
from transforms.spark.rules import FUNCTIONS, RULES, SAME, WITH_WHAT_IS_AROUND, NoRule, function, spark, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from transforms.runner.session import Rules

OWN_MACRO = re.compile(
    r"create or replace temporary function (?P<name>\w+) ?\((?P<parameters>[^)]*)\)\s+returns \w+\s+return"
    r"(?P<body>.*?);\n",
    re.DOTALL | re.IGNORECASE,
)
ATOMS = (exp.Column, exp.Literal, exp.Anonymous, exp.Func, exp.Boolean, exp.Paren, exp.Null)


class Untranslatable(ModelError):
    """A SQL file uses a construct for which there is no rule."""


class Translator:
    """Translates SELECTs of one project under one set of settings.

    Args:
        macros: The statements of each file of macros, by its path.
        own_macros: Those whose bodies are other ones on Spark, likewise.

    Raises:
        Untranslatable: A macro that has no body of its own on Spark uses a construct that no rule knows.
    """

    def __init__(self, macros: Mapping[str, str], own_macros: Mapping[str, str], rules: Rules) -> None:
        self._settings = {rule.name: _literal(getattr(rules, rule.name)) for rule in fields(rules)}
        self._macros: dict[str, tuple[list[str], exp.Expr]] = {}
        self._names = {name for statements in macros.values() for name, _, _ in _macros_in(statements)}
        for path, statements in own_macros.items():
            for name, parameters, body in _own_macros_in(statements, path):
                self._macros[name] = parameters, self._with_settings(body)
        for path, statements in macros.items():
            for name, parameters, body in _macros_in(statements):
                if name not in self._macros:
                    self._macros[name] = parameters, self._translated(body, path)

    def select(self, sql: str, path: str) -> str:
        """The SELECT in Spark's words; tables are named by `view_name`.

        Raises:
            Untranslatable: It uses a construct that no rule knows; the message names it and the file.
        """
        try:
            tree = sqlglot.parse_one(sql, read="duckdb")
        except SqlglotError as fault:
            raise Untranslatable(f"sql/{path} cannot be read by sqlglot: {fault}") from fault
        return self._expanded(_renamed(self._translated(tree, path))).sql("spark", comments=False)

    def _with_settings(self, body: exp.Expr) -> exp.Expr:
        def setting(node: exp.Expr) -> exp.Expr:
            is_one = isinstance(node, exp.Anonymous) and node.name.lower() == "getvariable"
            return self._settings[node.expressions[0].name].copy() if is_one else node

        return body.transform(setting)

    def _translated(self, tree: exp.Expr, path: str) -> exp.Expr:
        try:
            _rows_with_their_places(tree)
            _records_in_a_query(tree)
            _numbers(tree)
            return self._by_rules(tree)
        except NoRule as fault:
            raise Untranslatable(
                f"sql/{path} uses {fault}, for which there is no rule in transforms/spark/rules.py. Nothing was "
                "built on Spark. Say it otherwise, or add a rule with what the two engines do."
            ) from None

    def _by_rules(self, tree: exp.Expr) -> exp.Expr:
        for node in reversed(list(tree.walk(bfs=True))):  # what is inside first
            made = self._by_rule(node)
            if made is node:
                continue
            if node is tree:
                tree = made
            else:
                node.replace(made)
        return tree

    def _by_rule(self, node: exp.Expr) -> exp.Expr:
        kind = type(node)
        if kind in RULES:
            return RULES[kind](node)
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
            if name in self._names or name in MADE_HERE:
                return node
            if name == "getvariable":
                return self._settings[node.expressions[0].name].copy()
            if name in FUNCTIONS:
                return FUNCTIONS[name](*node.expressions)
            raise NoRule(f"{name}()")
        if isinstance(node, exp.Lateral) and node.args.get("view"):
            return node
        if kind not in SAME and kind not in WITH_WHAT_IS_AROUND:
            raise NoRule(f"{kind.__name__} ({node.sql('duckdb', comments=False)[:80]})")
        return node

    def _expanded(self, tree: exp.Expr) -> exp.Expr:
        """With the bodies of macros in the place of their calls."""
        for node in reversed(list(tree.find_all(exp.Anonymous))):
            if node.name.lower() not in self._macros:
                continue
            parameters, body = self._macros[node.name.lower()]
            made = self._expanded(_filled(body, dict(zip(parameters, node.expressions, strict=True))))
            made = made if isinstance(made, ATOMS) else exp.Paren(this=made)
            if node is tree:
                tree = made
            else:
                node.replace(made)
        return tree


# What the rules write beside each other and must not be taken for a function of DuckDB.
MADE_HERE = frozenset({"posexplode", "range"})


def view_name(full_name: str) -> str:
    """The view that stands for `schema.name`."""
    return full_name.replace(".", "__")


def read_own_macros(sql_dir: Path) -> dict[str, str]:
    """The statements of each file of macros for Spark, by its path below the SQL folder."""
    return {f"macros/{path.name}": path.read_text("utf-8") for path in sorted((sql_dir / "macros").glob("*.spark.sql"))}


def _literal(value: Any) -> exp.Expr:
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    return exp.Literal.number(value) if isinstance(value, int) else text(value)


def _macros_in(statements: str) -> Iterator[tuple[str, list[str], exp.Expr]]:
    for statement in sqlglot.parse(statements, read="duckdb"):
        if isinstance(statement, exp.Create):
            head = statement.this
            yield (
                head.this.name.lower(),
                [parameter.name.lower() for parameter in head.expressions],
                statement.expression,
            )


def _own_macros_in(statements: str, path: str) -> Iterator[tuple[str, list[str], exp.Expr]]:
    found = list(OWN_MACRO.finditer(statements))
    if len(found) != statements.lower().count("create or replace"):
        raise ModelError(
            f"sql/{path}: each statement must be of the form "
            "`create or replace temporary function name(parameter string) returns type return expression;`."
        )
    for one in found:
        parameters = [parameter.split()[0] for parameter in one["parameters"].split(",") if parameter.strip()]
        yield one["name"].lower(), parameters, sqlglot.parse_one(one["body"], read="spark")


def _filled(body: exp.Expr, arguments: Mapping[str, exp.Expr]) -> exp.Expr:
    def argument(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and not node.table and node.name.lower() in arguments:
            found = arguments[node.name.lower()].copy()
            return found if isinstance(found, ATOMS) else exp.Paren(this=found)
        return node

    return body.copy().transform(argument, copy=False)


def _renamed(tree: exp.Expr) -> exp.Expr:
    """Views for tables: `temp."staging.x"`, `landing.raw."x"` and `core."x"` all end in what they are called."""
    for table in tree.find_all(exp.Table):
        if not table.db:
            continue
        full_name = table.name if table.db == "temp" else f"{table.db}.{table.name}"
        alias = table.alias or full_name.partition(".")[2]
        new = exp.to_table(view_name(full_name), alias=alias)
        for part in ("catalog", "db"):
            table.set(part, None)
        table.set("this", new.this)
        table.set("alias", new.args["alias"])
    return tree


def _rows_with_their_places(tree: exp.Expr) -> None:
    """`unnest(l)` beside `generate_subscripts(l, 1)`: one generator in Spark, which counts from 0."""
    for select in tree.find_all(exp.Select):
        inside = [node for chosen in select.expressions for node in chosen.walk() if node.parent_select is select]
        places = [
            node for node in inside if isinstance(node, exp.Anonymous) and node.name.lower() == "generate_subscripts"
        ]
        if not places:
            continue
        (rows,) = [node for node in inside if isinstance(node, exp.Explode)]
        listed = rows.this.copy()
        if any(place.expressions[0] != listed for place in places):
            raise NoRule("generate_subscripts() of another list than that of unnest()")
        rows.replace(exp.column("element", "exploded"))
        for place in places:
            place.replace(exp.paren(exp.Add(this=exp.column("place", "exploded"), expression=exp.Literal.number(1))))
        names = [exp.to_identifier("place"), exp.to_identifier("element")]
        alias = exp.TableAlias(this=exp.to_identifier("exploded"), columns=names)
        select.append("laterals", exp.Lateral(this=function("posexplode", listed), view=True, alias=alias))


def _records_in_a_query(tree: exp.Expr) -> None:
    """`(a, b) in (select (x, y) from keys)`: null equals null in DuckDB, but not in `(a, b) in (select x, y …)`."""
    for node in list(tree.find_all(exp.In)):
        query = node.args.get("query")
        if not isinstance(node.this, exp.Tuple) or query is None:
            continue
        select = query.unnest()
        equal: type[exp.Expr] = exp.EQ
        chosen = [value.unalias() for value in select.expressions]
        if len(chosen) == 1 and isinstance(record := chosen[0].unnest(), exp.Tuple):
            chosen, equal = record.expressions, exp.NullSafeEQ
        names = [f"key_{number}" for number, _ in enumerate(chosen, 1)]
        select.set("expressions", [exp.alias_(value, name) for name, value in zip(names, chosen, strict=True)])
        same = [
            equal(this=exp.column(name, "keys_of_query"), expression=value.copy())
            for name, value in zip(names, node.this.expressions, strict=True)
        ]
        found = exp.select(exp.Literal.number(1)).from_(select.subquery("keys_of_query")).where(exp.and_(*same))
        node.replace(exp.Exists(this=found))


def _numbers(tree: exp.Expr) -> None:
    """`range(n)` as a table, whose column is called `id` in Spark."""
    for table in list(tree.find_all(exp.Table)):
        if isinstance(table.this, exp.GenerateSeries):
            last = table.this.args["end"]
            numbers = exp.to_table("numbers")
            made = spark("(select id as range from range(:last))", last=last)
            table.replace(exp.Subquery(this=made.unnest(), alias=exp.TableAlias(this=numbers.this)))
