"""Claims that the runner writes, from what the heads of models and checks declare.

    -- key: account, order_id                 in a model: no two of its rows have the same values
    -- equals: ops.fct_daily_sales by account, month = date_trunc('month', business_date) where is_open
                                              in a model: what both tables name alike and what adds up is the same by
                                              these keys; several equalities are kept apart by `;`
    -- equals: core.fct_orders by account, order_id
                                              in a check: its SELECT gives what that table holds by these keys
    -- copies: core.dim_customer by account, customer_id
                                              in a model: what both tables name alike says what that table says, unless
                                              that is null
    -- harm: what goes wrong for whom         beside an equality

A row that one side lacks counts as amounts and counts of 0 and as null in any other column; in a check about
`stored.<table>` it breaks the claim, and so does null in the place of 0. Compared is what an incremental build made
again by date, product and the like; copies in a table that is always made anew where an order behind them changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from transforms.errors import ModelError
from transforms.runner.rebuilds import is_among, key_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from transforms.runner.models import Model

EQUALS = re.compile(r"(?P<table>\w+\.\w+) by (?P<keys>.+?)(?: where (?P<where>.+))?")
KEY_SEPARATOR = re.compile(r",\s*(?![^()]*\))")  # no comma within parentheses
ADD_UP = re.compile(r"(?:.*_)?(?P<kind>amount|count|quantity)")
SUMS = {
    "amount": "try_cast(sum({}) as decimal(18, 2))",
    "quantity": "try_cast(sum({}) as decimal(12, 3))",
    "count": "sum({})",
}


class Claim(NamedTuple):
    """A check of severity `fail` as a file of `sql/checks` would say it.

    Attributes:
        path: The file that declares it; of a claim about several tables, the folder.
    """

    name: str
    path: str
    scope: str
    harm: str
    sql: str


class Equality(NamedTuple):
    """What `-- equals:` says.

    Attributes:
        keys: Names, each with what it is in the other table.
        where: Which rows of the other table count; empty: all.
    """

    table: str
    keys: Mapping[str, str]
    where: str


class _Group(NamedTuple):
    """Tables whose keys are looked at together, since a statement of its own for each would cost more than it does."""

    name: str
    harm: str
    holds: Callable[[Model], bool]


STAR = ("core", "ops")  # facts and dimensions, and what they are computed with
GROUPS = (
    _Group("dimensions_have_unique_keys", "A join would count sales twice.", lambda model: model.name[:4] == "dim_"),
    _Group(
        "daily_figures_have_unique_keys",
        "A day would be counted twice in every report that adds days up.",
        lambda model: model.schema in STAR and model.by is not None and "business_date" in model.key,
    ),
    _Group(
        "bookkeeping_has_unique_keys",
        "A load or a reconciliation would count an order twice.",
        lambda model: model.schema in STAR,
    ),
    _Group(
        "reports_by_day_have_unique_keys",
        "A report would show the same figures twice.",
        lambda model: model.by is not None or "business_date" in model.key,
    ),
    _Group("reports_have_unique_keys", "A report would show the same figures twice.", lambda _: True),
)


# By which orders changed a row of a table that is always made anew: by its first column of these.
CHANGED_BY = {
    "order_id": "increments.changed_orders",
    "customer_id": "increments.affected_customer_days",
    "product_id": "increments.affected_product_days",
    "business_date": "increments.affected_dates",
}
COPIES = "copies_say_what_was_copied"


def claims(models: Sequence[Model]) -> Iterator[Claim]:
    """Every claim that the models declare."""
    by_name = {model.full_name: model for model in models}
    yield from _keys(by_name)
    for model in models:
        for text in model.equals:
            yield _sums(model, read_equality(text, model.path), by_name)
    copies = [_copies(model, read_equality(text, model.path), by_name) for model in models for text in model.copies]
    if copies:
        harm = "A report would show one thing under the name or number of another."
        yield Claim(COPIES, "core and sql/marts", "build", harm, "\nunion all\n".join(copies))


def read_equality(text: str, shown: str) -> Equality:
    """What stands behind `equals:`.

    Raises:
        ModelError: It is not of the form `TABLE by KEYS where CONDITION`.
    """
    found = EQUALS.fullmatch(text.strip())
    if found is None:
        raise ModelError(f"{shown}: `equals: {text}` is not of the form `layer.table by keys where condition`.")
    keys: dict[str, str] = {}
    for key in KEY_SEPARATOR.split(found["keys"]):
        name, _, meaning = (part.strip() for part in key.partition("="))
        keys[name] = meaning or name
    return Equality(found["table"], keys, found["where"] or "")


def equal_to_select(
    equality: Equality, select: str, columns: Sequence[str], models: Mapping[str, Model], shown: str
) -> str:
    """The rows in which the table of the equality does not hold what the SELECT gives.

    Raises:
        ModelError: The table is none that a model makes, or one of both lacks one of the columns.
    """
    model = _model(equality.table, models, shown)
    known = {column.name for column in model.columns}
    if lacking := [name for name in (*columns, *equality.keys) if name not in known or name not in columns]:
        both = f"{shown} and {model.full_name}"
        raise ModelError(f"{both} do not both have the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}.")
    compared = [name for name in columns if name not in equality.keys]
    is_strict = model.rebuild == "stored"
    conditions = [_of_build(model, models, set(equality.keys)), equality.where]
    made = _select(model, dict.fromkeys(equality.keys), compared, conditions)
    return _unequal(made, select.strip().rstrip(";"), list(equality.keys), compared, is_strict=is_strict)


def _copies(model: Model, equality: Equality, models: Mapping[str, Model]) -> str:
    other = _model(equality.table, models, model.path)
    known = {column.name for column in other.columns}
    columns = [column.name for column in model.columns if column.name in known and column.name not in equality.keys]
    if not columns:
        raise ModelError(f"{model.path} and {equality.table} have no column of the same name beside their keys.")
    restriction = _of_build(model, models, {column.name for column in model.columns}) or _changed(model, models)
    made = _select(model, dict.fromkeys(equality.keys), columns, [restriction], is_plain=True)
    facts = _select(other, equality.keys, columns, [equality.where], is_plain=True)
    values = ["concat_ws(' ', " + ", ".join(f"{side}.{name}" for name in columns) + ")" for side in ("made", "facts")]
    key = ", ".join(f"made.{name}" for name in equality.keys)
    return (
        f"select '{model.full_name}' as table_name, '{other.full_name}' as copied_from, "
        f"concat_ws(' ', {key}) as key_values, {values[0]} as found, {values[1]} as expected\n"
        f"from (\n{made}\n) as made\ninner join (\n{facts}\n) as facts on {_same(equality.keys)}\n"
        f"where {_otherwise(columns)}"
    )


def _changed(model: Model, models: Mapping[str, Model]) -> str:
    names = {column.name for column in model.columns}
    for name, changed in CHANGED_BY.items():
        if name in names and changed in models:
            return is_among([name], changed)
    return ""


def _same(keys: Iterable[str]) -> str:
    return " and ".join(f"made.{name} = facts.{name}" for name in keys)


def _otherwise(columns: Iterable[str]) -> str:
    return "\n    or ".join(
        f"(facts.{name} is not null and made.{name} is distinct from facts.{name})" for name in columns
    )


def _keys(models: Mapping[str, Model]) -> Iterator[Claim]:
    groups: dict[str, list[Model]] = {}
    for model in models.values():
        if model.is_temporary or not model.key or _is_unique_by_itself(model):
            continue
        if model.rebuild == "order":
            harm = f"What {model.full_name} says of an order would count twice."
            yield Claim(f"{model.name}_has_a_unique_key", model.path, "batch", harm, _repeated_in_batch(model))
        else:
            group = next(group for group in GROUPS if group.holds(model))
            groups.setdefault(group.name, []).append(model)
    for group in GROUPS:
        if tables := groups.get(group.name):
            sql = "\nunion all\n".join(_repeated(model, models) for model in tables)
            yield Claim(group.name, tables[0].schema, "build", group.harm, sql)


def _is_unique_by_itself(model: Model) -> bool:
    """Whether it is a view that holds no key twice, and to look would be to read all of it.

    Such are those that group by their keys, and those that show the rows of a fact with the names of what they
    point to, where the keys of the fact and of the dimensions are claims of their own.
    """
    return model.rebuild == "view" and ("group by" in model.sql or "order_id" in model.key)


def _repeated_in_batch(model: Model) -> str:
    key = ", ".join(model.key)
    return f"select {key}, count(*) as row_count\nfrom stored.{model.name}\ngroup by {key}\nhaving count(*) > 1"


def _repeated(model: Model, models: Mapping[str, Model]) -> str:
    values = " || ' ' || ".join(f"coalesce(cast({name} as varchar), '-')" for name in model.key)
    restriction = _of_build(model, models, set(model.key))
    return (
        f"select '{model.full_name}' as table_name, {values} as key_values, count(*) as row_count\n"
        f"from {model.full_name}\n" + (f"where {restriction}\n" if restriction else "") + f"group by "
        f"{', '.join(model.key)}\nhaving count(*) > 1"
    )


def _sums(model: Model, equality: Equality, models: Mapping[str, Model]) -> Claim:
    other = _model(equality.table, models, model.path)
    known = {column.name for column in other.columns}
    measures = [
        column.name
        for column in model.columns
        if column.name in known and column.name not in equality.keys and ADD_UP.fullmatch(column.name)
    ]
    if not measures:
        raise ModelError(f"{model.path}: {equality.table} has no amount, count or quantity of the same name.")
    made = _select(model, dict.fromkeys(equality.keys), measures, [_of_build(model, models, set(equality.keys))])
    plain = {name for name, meaning in equality.keys.items() if name == meaning}
    facts = _select(other, equality.keys, measures, [_of_build(model, models, plain), equality.where])
    return Claim(
        f"{model.name}_equals_{other.name}",
        model.path,
        "build",
        model.harm or f"Its figures would not be those of {other.full_name}.",
        _unequal(made, facts, list(equality.keys), measures),
    )


def _select(
    model: Model,
    keys: Mapping[str, str | None],
    columns: Iterable[str],
    conditions: Iterable[str],
    *,
    is_plain: bool = False,
) -> str:
    """The columns of a table by these keys, added up where the keys leave more than one row."""
    meanings = [meaning or name for name, meaning in keys.items()]
    is_summed = not is_plain and not set(model.key) <= set(meanings)
    measures = [_added_up(name) if is_summed else name for name in columns]
    shown = [f"{meaning} as {name}" if meaning else name for name, meaning in keys.items()]
    where = " and ".join(f"({condition})" for condition in conditions if condition)
    return (
        f"select {', '.join([*shown, *measures])}\nfrom {model.full_name}"
        + (f"\nwhere {where}" if where else "")
        + (f"\ngroup by {', '.join(meanings)}" if is_summed else "")
    )


def _added_up(name: str) -> str:
    kind = ADD_UP.fullmatch(name)
    return f"{SUMS[kind['kind']].format(name)} as {name}" if kind else f"max({name}) as {name}"


def _unequal(made: str, facts: str, keys: Sequence[str], columns: Sequence[str], *, is_strict: bool = False) -> str:
    shown = [f"coalesce(made.{name}, facts.{name}) as {name}" for name in keys]
    shown += [f"made.{name}, facts.{name} as fact_{name}" for name in columns]
    same = "\n    and ".join(f"made.{name} is not distinct from facts.{name}" for name in keys)
    measured = [name for name in columns if ADD_UP.fullmatch(name) and not is_strict]
    unequal = [f"coalesce(made.{name}, 0) <> coalesce(facts.{name}, 0)" for name in measured]
    unequal += [f"made.{name} is distinct from facts.{name}" for name in columns if name not in measured]
    if is_strict:
        unequal.append(f"made.{keys[0]} is distinct from facts.{keys[0]}")
    different = "\n    or ".join(unequal)
    return (
        f"with made as (\n{made}\n),\n\nfacts as (\n{facts}\n)\n\n"
        f"select {', '.join(shown)}\nfrom made\nfull outer join facts on\n    {same}\nwhere\n    {different}"
    )


def _of_build(model: Model, models: Mapping[str, Model], columns: set[str]) -> str:
    """Which rows an incremental build made again, in terms of these columns; empty: any."""
    if model.by is None or (keys := models.get(key_table(model))) is None:
        return ""
    names = [name for name in keys.key if name in columns]
    return is_among(names, keys.full_name) if names else ""


def _model(name: str, models: Mapping[str, Model], shown: str) -> Model:
    if name not in models:
        raise ModelError(f"{shown} is compared with {name}, which no file makes.")
    return models[name]
