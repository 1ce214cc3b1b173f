"""The changes that mutants are made of."""

from __future__ import annotations

import pytest

from tests.mutants.__main__ import report
from tests.mutants.operators import changes_of, mutant_of
from tests.mutants.trial import Verdict

HEAD = "-- grain: one row per order\n-- rebuild: full\n"


def changed(sql: str) -> set[tuple[str, str]]:
    """Every changed statement, with its operator."""
    found = (mutant_of("core/x.sql", HEAD + sql, place) for place in changes_of(sql))
    return {(made.operator, in_one_line(made.text.removeprefix(HEAD))) for made in found if made is not None}


def in_one_line(sql: str) -> str:
    return " ".join(sql.split()).replace("( ", "(").replace(" )", ")")


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("comparison", "select a from t where a < b", "SELECT a FROM t WHERE a <= b"),
        ("comparison", "select a from t where a = b", "SELECT a FROM t WHERE a <> b"),
        ("filter", "select a from t where a < b", "SELECT a FROM t WHERE TRUE"),
        ("filter", "select a from t where a and b", "SELECT a FROM t WHERE a AND TRUE"),
        ("filter", "select count(*) filter (a) as n from t", "SELECT COUNT(*) AS n FROM t"),
        ("connective", "select a from t where a and b", "SELECT a FROM t WHERE a OR b"),
        ("condition", "select a from t where a is null", "SELECT a FROM t WHERE NOT (a IS NULL)"),
        ("join", "select a from t inner join u on t.a = u.a", "SELECT a FROM t LEFT JOIN u ON t.a = u.a"),
        ("join", "select a from t left join u on t.a = u.a", "SELECT a FROM t INNER JOIN u ON t.a = u.a"),
        ("join", "select a from t anti join u on t.a = u.a", "SELECT a FROM t SEMI JOIN u ON t.a = u.a"),
        ("arithmetic", "select a + b as c from t", "SELECT a - b AS c FROM t"),
        ("sign", "select -a as b from t", "SELECT a AS b FROM t"),
        ("number", "select coalesce(a, 0) as b from t", "SELECT COALESCE(a, 1) AS b FROM t"),
        ("default", "select coalesce(a, 0) as b from t", "SELECT a AS b FROM t"),
        ("aggregate", "select sum(a) as b from t", "SELECT MAX(a) AS b FROM t"),
        ("aggregate", "select count(distinct a) as b from t", "SELECT COUNT(a) AS b FROM t"),
        ("rounding", "select round(a, 2) as b from t", "SELECT a AS b FROM t"),
        ("branch", "select case when a then b else c end as d from t", "SELECT c AS d FROM t"),
        ("union", "select a from t union all select a from u", "SELECT a FROM u"),
        ("order", "select a from t order by a", "SELECT a FROM t ORDER BY a DESC"),
        ("column", "select gross_amount, net_amount from t", "SELECT net_amount AS gross_amount, net_amount FROM t"),
    ],
)
def test_an_operator_makes_its_change(operator: str, before: str, after: str) -> None:
    assert (operator, after) in changed(before)


def test_the_head_is_kept_and_the_precision_of_a_type_is_no_number() -> None:
    sql = "select cast(a as decimal(18, 2)) as b from t"

    assert changed(sql) == set()


def test_one_of_several_statements_changes_and_the_others_stay() -> None:
    macros = "create macro f(x) as x + 1;\ncreate macro g(x) as x;\n"

    assert ("arithmetic", "CREATE MACRO f(x) AS x - 1; CREATE MACRO g(x) AS x;") in changed(macros)


def test_the_score_counts_mutants_that_change_a_table_only() -> None:
    sql = "select -a as b from t"
    (mutant,) = filter(None, (mutant_of("core/x.sql", sql, place) for place in changes_of(sql)))

    shown = report([Verdict(mutant, outcome, "core.x") for outcome in ("check", "survived", "same", "invalid")])

    assert "4 mutants: 2 change a table, 1 change none on this shop, 1 do not run" in shown
    assert "| together | 1 | 50.0 % |" in shown
    assert shown.count("core/x.sql") == 1
