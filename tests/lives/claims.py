"""Which claims of severity `fail` had rows to speak about: a claim that no life ever touches proves nothing.

A claim is a SELECT of the rows that break it. What it speaks about is the same SELECT without the condition that
breaks it: without the last WHERE, HAVING and QUALIFY, where each compared sum must differ from zero on one side,
since a day of zeros that equals a day of zeros says nothing. A claim that only selects from a step of its own
(`select * from repeated`) is opened one step deeper. What SPEAKS names is said there instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from transforms.runner import check_results, steps
from transforms.runner.check import run_checks
from transforms.runner.session import Files, Rules

if TYPE_CHECKING:
    from transforms.runner.models import Check
    from transforms.runner.session import Connection

SPEAKS = {"set_states_are_known_members": "states.state_bit < 1024"}
"""Claims whose filter stands beside their condition: the filter alone."""


def spoken_of(files: Files, rules: Rules) -> dict[str, int]:
    """For each claim of severity `fail` the number of rows of a built file that it speaks about.

    Call it in a process of its own: the runner's evaluation is replaced in it.
    """

    def counted(connection: Connection, check: Check) -> check_results.CheckResult:
        ((count,),) = connection.execute(f"select count(*) from (\n{speaking(check.name, check.sql)}\n)").fetchall()
        return check_results._result(check, count, None, None)

    steps.evaluate = counted
    return {result.name: result.failing_rows for result in run_checks(files, rules) if result.severity == "fail"}


def speaking(name: str, sql: str) -> str:
    """The SELECT of all rows that a claim compares."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    for select in _last_steps(tree):
        where = select.args.get("where")
        select.set("having", None)
        select.set("qualify", None)
        select.set("where", None)
        if name in SPEAKS:
            select.set("where", exp.Where(this=sqlglot.parse_one(SPEAKS[name], dialect="duckdb")))
        elif where is not None:
            sides = [side for pair in where.find_all(exp.NEQ) for side in (pair.this, pair.expression)]
            sums = [side for side in sides if isinstance(side, exp.Coalesce) or _is_count(side)]
            if sums:
                select.where(
                    exp.or_(*(exp.NEQ(this=side.copy(), expression=exp.Literal.number(0)) for side in sums)), copy=False
                )
    return tree.sql(dialect="duckdb")


def _is_count(side: exp.Expression) -> bool:
    return isinstance(side, exp.Column) and side.name.endswith("_count")


def _last_steps(tree: exp.Expression) -> Iterator[exp.Select]:
    """The SELECTs whose conditions make a row a broken one."""
    if isinstance(tree, exp.SetOperation):
        yield from _last_steps(tree.this)
        yield from _last_steps(tree.expression)
        return
    assert isinstance(tree, exp.Select)
    source = tree.args.get("from_") or tree.args.get("from")
    if not any(tree.args.get(part) for part in ("where", "having", "qualify", "joins")) and source is not None:
        names = {cte.alias: cte.this for cte in tree.find_all(exp.CTE)}
        inner = names.get(source.this.name)
        if inner is not None:
            yield from _last_steps(inner)
            return
    yield tree


def table_of(lives: int, spoke: dict[str, int]) -> str:
    """Claims by the share of lives in which they had rows, fewest first, as Markdown."""
    rows = [f"| `{name}` | {count} |" for name, count in sorted(spoke.items(), key=lambda row: (row[1], row[0]))]
    return "\n".join([f"| claim | of {lives} lives it had rows to speak about in |", "|---|---|", *rows]) + "\n"


def files_of(home: Path) -> Files:
    """A home's files as the runner takes them."""
    work = home / "work"
    return Files(
        landing=home / "landing.duckdb", build=work / "build.duckdb", published=home / "warehouse.duckdb", work=work
    )
