"""How each construct of the SQL files is said in Spark SQL: one rule a construct.

SAME lists what sqlglot's own Spark dialect writes with the same meaning, tried by the parity test. What is in none of
these lists stops the translation. Silent differences that made a rule necessary stand beside it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse_one

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class NoRule(Exception):
    """A construct that cannot be said in Spark SQL; the message says what about it."""


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A call of one of Spark's functions."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Expr:
    """A literal."""
    return exp.Literal.string(value)


def spark(sql: str, **parts: exp.Expr) -> exp.Expr:
    """An expression as Spark says it, with `:name` replaced by the parts."""
    tree: exp.Expr = parse_one(sql, read="spark")
    return tree.transform(lambda node: parts[node.name].copy() if isinstance(node, exp.Placeholder) else node)


SAME: frozenset[type[exp.Expr]] = frozenset(
    {
        # statements
        exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.With, exp.CTE,
        exp.Union, exp.Subquery, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Dot,
        exp.Window, exp.WindowSpec, exp.Filter, exp.Exists, exp.Var, exp.Limit,
        # values and conditions
        exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE,
        exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.Like, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Case, exp.If,
        exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least,
        # numbers
        exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.BitwiseAnd,
        # texts
        exp.DPipe, exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Right, exp.Replace, exp.ConcatWs,
        exp.RegexpLike,
        # days
        exp.Year, exp.Month, exp.Day, exp.Quarter, exp.DayOfYear, exp.DateFromParts, exp.Interval,
        # sums
        exp.Sum, exp.Count, exp.Min, exp.Max, exp.LogicalOr, exp.LogicalAnd, exp.GroupConcat, exp.RowNumber,
        exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue,
        # lists and records
        exp.Array, exp.Struct, exp.PropertyEQ, exp.Explode, exp.Transform, exp.Lambda,
        # parts of what has a rule of its own
        exp.DataType, exp.DataTypeParam, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript,
        exp.JSONPathWildcard,
    }
)  # fmt: skip
KINDS = exp.DType
SAME_TYPES = frozenset(
    {KINDS.BIGINT, KINDS.BOOLEAN, KINDS.DATE, KINDS.DECIMAL, KINDS.INT, KINDS.TEXT, KINDS.TIMESTAMPTZ}
)


def join(node: exp.Join) -> exp.Expr:
    """Each kind but the inexact ones."""
    if node.args.get("method"):
        raise NoRule(f"{node.args['method'].lower()} join")
    return node


def star(node: exp.Star) -> exp.Expr:
    """All columns, or all but some."""
    if node.args.get("replace") or node.args.get("rename"):
        raise NoRule("* replace" if node.args.get("replace") else "* rename")
    return node


def distinct(node: exp.Distinct) -> exp.Expr:
    """Of whole rows or of values."""
    if node.args.get("on"):
        raise NoRule("distinct on")
    return node


def whole_division(node: exp.IntDiv) -> exp.Expr:
    """By zero it is null in DuckDB and a fault in Spark."""
    return exp.IntDiv(this=node.this, expression=_not_zero(node.expression))


def remainder(node: exp.Mod) -> exp.Expr:
    """Likewise."""
    return exp.Mod(this=node.this, expression=_not_zero(node.expression))


def _not_zero(divisor: exp.Expr) -> exp.Expr:
    bare = divisor.unnest()
    return divisor if isinstance(bare, exp.Literal) else exp.Nullif(this=bare, expression=exp.Literal.number(0))


def shift(node: exp.BitwiseLeftShift) -> exp.Expr:
    """A function in Spark."""
    return function("shiftleft", node.this, node.expression)


def cast(node: exp.Cast) -> exp.Expr:
    """JSON is text in Spark, and a map is read from it."""
    kind = node.to.this
    if kind == KINDS.MAP:
        return function("from_json", node.this, text(node.to.sql("spark").lower()))
    if kind == KINDS.JSON:
        sent: exp.Expr = node.this
        return sent
    return _of_known_type(node)


def try_cast(node: exp.TryCast) -> exp.Expr:
    """`try_cast('1.0' as bigint)` is 1 in DuckDB, which rounds, and null in Spark; so are '1e3', '+3' and ' 7 '."""
    kind = node.to.this
    if kind == KINDS.JSON:
        return spark("case when try_parse_json(:it) is not null then :it end", it=node.this)
    if kind == KINDS.BIGINT:
        return spark("try_cast(round(try_cast(:it as decimal(38, 10))) as bigint)", it=node.this)
    return _of_known_type(node)


def _of_known_type(node: exp.Cast) -> exp.Expr:
    if node.to.this not in SAME_TYPES:
        raise NoRule(f"the type {node.to.sql('duckdb')}")
    return node


def whole_match(node: exp.RegexpFullMatch) -> exp.Expr:
    """Spark looks for a pattern anywhere."""
    return exp.RegexpLike(this=node.this, expression=text(f"^(?:{node.expression.name})$"))


def replace_pattern(node: exp.RegexpReplace) -> exp.Expr:
    """Spark replaces every match, DuckDB the first one unless it is told `g`; groups are `$1` in Java."""
    if "g" not in (node.args["modifiers"].name if node.args.get("modifiers") else ""):
        raise NoRule("regexp_replace without 'g'")
    by = node.args["replacement"].transform(
        lambda part: text(re.sub(r"\\(\d)", r"$\1", part.name)) if isinstance(part, exp.Literal) else part
    )
    return function("regexp_replace", node.this, node.expression, by)


def matches(node: exp.RegexpExtractAll) -> exp.Expr:
    """The whole match is the default of DuckDB, the first group that of Spark."""
    return function("regexp_extract_all", node.this, node.expression, node.args.get("group") or exp.Literal.number(0))


def match(node: exp.RegexpExtract) -> exp.Expr:
    """Likewise."""
    return function("regexp_extract", node.this, node.expression, node.args.get("group") or exp.Literal.number(0))


DIFFERENCES = {
    "DAY": "datediff(:until, :since)",
    # boundaries in DuckDB, whole units in Spark: 86412 and 86411 seconds, say
    "SECOND": "unix_seconds(:until) - unix_seconds(:since)",
    "MONTH": "(year(:until) * 12 + month(:until)) - (year(:since) * 12 + month(:since))",
}


def difference(node: exp.DateDiff) -> exp.Expr:
    """By unit."""
    unit = node.text("unit").upper()
    if unit not in DIFFERENCES:
        raise NoRule(f"date_diff('{unit.lower()}', ...)")
    return exp.Paren(this=spark(DIFFERENCES[unit], until=node.this, since=node.expression))


def extract(node: exp.Extract) -> exp.Expr:
    """The hour; `isodow` begins with another day."""
    if node.name.upper() != "HOUR":
        raise NoRule(f"extract({node.name.lower()} from ...)")
    return node


def truncate(node: exp.TimestampTrunc) -> exp.Expr:
    """Of days: `date_trunc` gives a time in Spark."""
    if node.text("unit").upper() != "MONTH":
        raise NoRule(f"date_trunc('{node.text('unit').lower()}', ...)")
    return function("trunc", node.this, text("MONTH"))


def wall_clock(zone: exp.Expr, moment: exp.Expr) -> exp.Expr:
    """`timezone(zone, moment)` of a point in time; wall clocks are a type without a rule, for macros of Spark alone."""
    return spark("convert_timezone('UTC', :zone, cast(:it as timestamp_ntz))", zone=zone, it=moment)


def hours(count: exp.Expr) -> exp.Expr:
    """An interval."""
    return function("make_dt_interval", exp.Literal.number(0), count)


def at_greatest(node: exp.ArgMax) -> exp.Expr:
    """DuckDB leaves rows out whose value is null."""
    return spark("max_by(:it, case when not :it is null then :by end)", it=node.this, by=node.expression)


def at_least(node: exp.ArgMin) -> exp.Expr:
    """Likewise."""
    return spark("min_by(:it, case when not :it is null then :by end)", it=node.this, by=node.expression)


def record(node: exp.Tuple) -> exp.Expr:
    """One that is compared as a whole."""
    return function("struct", *node.expressions)


def element(node: exp.Bracket) -> exp.Expr:
    """Beyond the end of a list stands null in DuckDB and a fault in Spark."""
    (place,) = node.expressions
    return function("get", node.this, place) if place.is_number else node


def length(node: exp.Length) -> exp.Expr:
    """Of a text, or of a list: those that patterns and documents give."""
    name = node.this.name
    is_list = isinstance(node.this, exp.RegexpExtractAll) or name in ("items", "payments", "regexp_extract_all")
    return function("size" if is_list else "length", node.this)


def series(node: exp.GenerateSeries) -> exp.Expr:
    """Counts down in Spark where the end lies before the beginning; nothing in DuckDB."""
    first, last, step = node.args["start"], node.args["end"], node.args.get("step")
    made = function("sequence", first, last, *([step] if step else []))
    return spark("case when :last >= :first then :made else array() end", first=first, last=last, made=made)


def prepended(node: exp.ArrayPrepend) -> exp.Expr:
    """The list first."""
    return function("array_prepend", node.this, node.expression)


def document(node: exp.Try) -> exp.Expr:
    """`try(from_json(text, structure))`: Spark's own from_json nulls a whole list for one element of another shape."""
    if not isinstance(node.this, exp.FromJson):
        raise NoRule("try() of anything but from_json")
    sent, structure = node.this.this, node.this.expression
    kind = text(ddl(json.loads(structure.name)))
    return function("try_variant_get", function("try_parse_json", sent), text("$"), kind)


def ddl(structure: Any) -> str:
    """A structure as DuckDB's from_json takes it, in Spark's words; every leaf is text."""
    if isinstance(structure, list):
        return f"array<{ddl(structure[0])}>"
    if isinstance(structure, dict):
        return f"struct<{','.join(f'`{name}`:{ddl(inner)}' for name, inner in structure.items())}>"
    return "string"


def json_part(node: exp.JSONExtract) -> exp.Expr:
    """A part as JSON text, or for a path that ends in `[*]` the list of such; of what is no list an empty one."""
    path = _path(node.expression)
    parsed = function("try_parse_json", node.this)
    if path.endswith("[*]"):
        whole = function("try_variant_get", parsed, text(path[:-3]), text("array<variant>"))
        return spark("transform(coalesce(:it, array()), part -> to_json(part))", it=whole)
    return function("to_json", function("try_variant_get", parsed, text(path), text("variant")))


def json_text(node: exp.JSONExtractScalar) -> exp.Expr:
    """A leaf as text, or for a list of paths the list of their leaves."""
    parsed = function("try_parse_json", node.this)
    paths = node.expression.expressions if isinstance(node.expression, exp.Array) else [node.expression]
    leaves = [function("try_variant_get", parsed.copy(), text(_path(path)), text("string")) for path in paths]
    return exp.Array(expressions=leaves) if isinstance(node.expression, exp.Array) else leaves[0]


def _path(node: exp.Expr) -> str:
    return node.name if isinstance(node, exp.Literal) else node.sql("duckdb").strip("'")


RULES: Mapping[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.Join: join,
    exp.Star: star,
    exp.Distinct: distinct,
    exp.IntDiv: whole_division,
    exp.Mod: remainder,
    exp.BitwiseLeftShift: shift,
    exp.Cast: cast,
    exp.TryCast: try_cast,
    exp.RegexpFullMatch: whole_match,
    exp.RegexpReplace: replace_pattern,
    exp.RegexpExtractAll: matches,
    exp.RegexpExtract: match,
    exp.DateDiff: difference,
    exp.Extract: extract,
    exp.TimestampTrunc: truncate,
    exp.ArgMax: at_greatest,
    exp.ArgMin: at_least,
    exp.Tuple: record,
    exp.Bracket: element,
    exp.Length: length,
    exp.GenerateSeries: series,
    exp.ArrayPrepend: prepended,
    exp.Try: document,
    exp.JSONExtract: json_part,
    exp.JSONExtractScalar: json_text,
}
# What else the parser knows under no name of its own.
FUNCTIONS: Mapping[str, Callable[..., exp.Expr]] = {
    "timezone": wall_clock,
    "to_hours": hours,
    "row": lambda *values: function("struct", *values),
    "epoch_us": lambda moment: function("unix_micros", moment),
}
# Expressions that are handled with the SELECT or macro around them.
WITH_WHAT_IS_AROUND = frozenset({exp.FromJson})
