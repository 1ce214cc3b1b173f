"""One change at a time in a statement: each operator says what it turns a node of sqlglot's tree into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import sqlglot
from sqlglot import exp

Change = Callable[[exp.Expression], "exp.Expression | None"]

COMPARISONS: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.NullSafeNEQ: exp.NEQ,
    exp.NullSafeEQ: exp.EQ,
}
ARITHMETIC: dict[type[exp.Expression], type[exp.Expression]] = {exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Add}
AGGREGATES: dict[type[exp.Expression], type[exp.Expression]] = {
    exp.Sum: exp.Max,
    exp.Min: exp.Max,
    exp.Max: exp.Min,
    exp.ArgMax: exp.ArgMin,
    exp.ArgMin: exp.ArgMax,
    exp.LogicalAnd: exp.LogicalOr,
    exp.LogicalOr: exp.LogicalAnd,
}
MEASURES = ("_amount", "_count", "_quantity", "_date", "_at", "_id", "_name")


class Place(NamedTuple):
    """Where a file is changed: which of its statements, which node of the tree, by which of `OPERATORS`."""

    statement: int
    node: int
    operator: int

    def __str__(self) -> str:
        return "-".join(str(number) for number in self)


@dataclass(frozen=True)
class Mutant:
    """One changed statement of one file.

    Attributes:
        path: The file below the SQL folder.
        operator: What kind of change it is.
        place: Where the change is.
        before, after: The changed part, in SQL.
        text: The file's new text.
    """

    path: str
    operator: str
    place: Place
    before: str
    after: str
    text: str

    @property
    def name(self) -> str:
        """What `--only` takes."""
        return f"{self.path}:{self.place}"


def changes_of(text: str) -> list[Place]:
    """Where one statement or another of a file can be changed, and how, in the order of the tree."""
    return [
        Place(number, place, operator)
        for number, statement in enumerate(_statements(text))
        for place, node in enumerate(statement.walk())
        for operator, (applies, _) in enumerate((applies, change) for _, applies, change in OPERATORS)
        if applies(node)
    ]


def mutant_of(path: str, text: str, place: Place) -> Mutant | None:
    """The file with one change; None: the change would leave it as it is.

    Args:
        text: The file; its head comments are kept, since the runner reads them.
    """
    statements = _statements(text)
    node = next(node for index, node in enumerate(statements[place.statement].walk()) if index == place.node)
    operator, _, change = OPERATORS[place.operator]
    before = node.sql(dialect="duckdb", comments=False)
    after = change(node)
    if after is None or (after is not node and after.sql(dialect="duckdb", comments=False) == before):
        return None
    shown = "(left out)" if after is node else after.sql(dialect="duckdb", comments=False)
    if after is node:
        node.pop()
    elif node.parent is None:
        statements[place.statement] = after
    else:
        node.replace(after)
    head = "".join(f"{line}\n" for line in _head(text))
    written = ";\n".join(_sql(statement) for statement in statements)
    return Mutant(path, operator, place, before, shown, f"{head}{written}{';' if len(statements) > 1 else ''}\n")


def _statements(text: str) -> list[exp.Expression]:
    return [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]


def _head(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line


def _sql(tree: exp.Expression) -> str:
    return tree.sql(dialect="duckdb", comments=False, pretty=True, normalize_functions=False)


def _swapped(kinds: dict[type[exp.Expression], type[exp.Expression]]) -> Change:
    def change(node: exp.Expression) -> exp.Expression:
        return kinds[type(node)](**{name: _copied(value) for name, value in node.args.items()})

    return change


def _copied(value: object) -> object:
    return value.copy() if isinstance(value, exp.Expression) else value


def _other_join(node: exp.Expression) -> exp.Expression | None:
    changed = node.copy()
    side, kind = node.args.get("side"), node.args.get("kind")
    if side in ("LEFT", "FULL", "RIGHT") and kind not in ("SEMI", "ANTI"):
        changed.set("side", None)
        changed.set("kind", "INNER")
    elif kind in ("SEMI", "ANTI"):
        changed.set("kind", "ANTI" if kind == "SEMI" else "SEMI")
    elif kind == "INNER" or (not kind and node.args.get("on")):
        changed.set("kind", None)
        changed.set("side", "LEFT")
    else:
        return None
    return changed


def _left_out(node: exp.Expression) -> exp.Expression:
    return node


def _true(_: exp.Expression) -> exp.Expression:
    return exp.true()


def _first(node: exp.Expression) -> exp.Expression | None:
    first = node.this
    return first.copy() if isinstance(first, exp.Expression) else None


def _without_first_branch(node: exp.Expression) -> exp.Expression | None:
    branches = node.args.get("ifs") or []
    changed = node.copy()
    if len(branches) > 1:
        changed.set("ifs", [branch.copy() for branch in branches[1:]])
        return changed
    otherwise = node.args.get("default")
    return otherwise.copy() if isinstance(otherwise, exp.Expression) else exp.null()


def _next_number(node: exp.Expression) -> exp.Expression | None:
    text = str(node.this)
    if node.args.get("is_string") or not text.isdigit() or node.find_ancestor(exp.DataType):
        return None
    return exp.Literal.number(str(int(text) + 1))


def _other_column(node: exp.Expression) -> exp.Expression | None:
    """Another measure or key of the same select and of the same kind, under this one's name."""
    select = node.find_ancestor(exp.Select)
    name = node.alias_or_name
    ending = next((ending for ending in MEASURES if name.endswith(ending)), None)
    if select is None or ending is None:
        return None
    others = [
        other
        for other in select.expressions
        if other is not node and other.alias_or_name.endswith(ending) and other.alias_or_name != name
    ]
    if not others:
        return None
    value = others[0].this if isinstance(others[0], exp.Alias) else others[0]
    return exp.alias_(value.copy(), name)


def _backwards(node: exp.Expression) -> exp.Expression:
    changed = node.copy()
    changed.set("desc", not node.args.get("desc"))
    return changed


def _one_side(node: exp.Expression) -> exp.Expression | None:
    return node.expression.copy() if isinstance(node.expression, exp.Expression) else None


def _not(node: exp.Expression) -> exp.Expression:
    return exp.Not(this=exp.Paren(this=node.copy()))


def _uncounted(node: exp.Expression) -> exp.Expression | None:
    distinct = node.this
    if not isinstance(distinct, exp.Distinct) or len(distinct.expressions) != 1:
        return None
    return exp.Count(this=distinct.expressions[0].copy())


def _is(*kinds: type[exp.Expression]) -> Callable[[exp.Expression], bool]:
    return lambda node: type(node) in kinds


def _is_condition(node: exp.Expression) -> bool:
    """One of several things that a `where`, `having` or `qualify` asks for, or all of them."""
    parent = node.parent
    while isinstance(parent, exp.And | exp.Paren):
        parent = parent.parent
    return isinstance(parent, exp.Where | exp.Having | exp.Qualify) and not isinstance(node, exp.And | exp.Paren)


def _is_projection(node: exp.Expression) -> bool:
    return (
        isinstance(node, exp.Alias | exp.Column)
        and isinstance(node.parent, exp.Select)
        and node.arg_key == "expressions"
    )


OPERATORS: tuple[tuple[str, Callable[[exp.Expression], bool], Change], ...] = (
    ("comparison", _is(*COMPARISONS), _swapped(COMPARISONS)),
    ("condition", _is(exp.Is, exp.In, exp.Between, exp.Exists), _not),
    ("connective", _is(exp.And), _swapped({exp.And: exp.Or})),
    ("connective", _is(exp.Or), _swapped({exp.Or: exp.And})),
    ("negation", _is(exp.Not), _first),
    ("sign", _is(exp.Neg), _first),
    ("arithmetic", _is(*ARITHMETIC), _swapped(ARITHMETIC)),
    ("number", _is(exp.Literal), _next_number),
    ("join", _is(exp.Join), _other_join),
    ("filter", _is_condition, _true),
    ("filter", _is(exp.Filter), _first),
    ("aggregate", _is(*AGGREGATES), _swapped(AGGREGATES)),
    ("aggregate", _is(exp.Count), _uncounted),
    ("default", _is(exp.Coalesce), _first),
    ("rounding", _is(exp.Round), _first),
    ("branch", _is(exp.Case), _without_first_branch),
    ("union", _is(exp.Union), _one_side),
    ("distinct", _is(exp.Distinct), lambda node: _left_out(node) if isinstance(node.parent, exp.Select) else None),
    ("order", _is(exp.Ordered), _backwards),
    ("column", _is_projection, _other_column),
)
