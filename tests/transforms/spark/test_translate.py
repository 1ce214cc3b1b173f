"""Everything under sql/ can be said in Spark SQL, and what cannot is named before Spark is started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlglot

from tests import ROOT
from transforms.errors import ModelError
from transforms.runner.session import Rules
from transforms.spark.build import Translated, translate
from transforms.spark.translate import Translator, Untranslatable

SQL = ROOT / "sql"


@pytest.fixture(scope="module")
def translated() -> Translated:
    return translate(SQL, Rules(timezone="Europe/Vienna", payment_methods='{"17": "O\'Neill"}'))


@pytest.fixture(scope="module")
def parsed(translated: Translated) -> dict[str, sqlglot.exp.Expr]:
    """What Spark is to carry out, as sqlglot reads its dialect."""
    selects = {**translated.selects, **translated.seeds}
    return {name: sqlglot.parse_one(select, read="spark") for name, select in selects.items()}


def said(sql: str, **settings: Any) -> str:
    macros = {"macros/m.sql": "create or replace temp macro twice(n) as n + n;"}
    return Translator(macros, {}, Rules(**settings)).select(sql, "core/probe.sql")


def test_every_model_check_and_seed_can_be_said_in_spark_sql(
    translated: Translated, parsed: dict[str, sqlglot.exp.Expr]
) -> None:
    project = translated.project

    assert len(translated.selects) == len(project.models) + len(project.checks) > 200
    assert set(parsed) == {*translated.selects, *(f"seeds.{seed.name}" for seed in project.seeds)}


def test_no_macro_setting_or_table_of_duckdb_is_left(
    translated: Translated, parsed: dict[str, sqlglot.exp.Expr]
) -> None:
    macros = {name for text in translated.project.macros.values() for name in _names_of_macros(text)}
    assert len(macros) > 40
    for name, tree in parsed.items():
        for node in tree.walk():
            if isinstance(node, sqlglot.exp.Anonymous):
                assert node.name.lower() not in macros | {"getvariable", "timezone", "generate_subscripts"}, name
            assert not (isinstance(node, sqlglot.exp.Table) and node.db), name
    assert "'Europe/Vienna'" in translated.selects["staging.stg_orders"]
    assert "O\\'Neill" in translated.selects["core.dim_payment_method"]


def _names_of_macros(text: str) -> list[str]:
    return [one.this.this.name for one in sqlglot.parse(text, read="duckdb") if isinstance(one, sqlglot.exp.Create)]


@pytest.mark.parametrize(
    ("sql", "construct"),
    [
        ("select hash(a) from core.t", "hash()"),
        ("select quantile_cont(a, 0.5) from core.t", "PercentileCont"),
        ("select * from core.t asof join core.u on t.a >= u.a", "asof"),
        ("select extract(isodow from a) from core.t", "extract(isodow"),
        ("select dayofweek(a) from core.t", "DayOfWeek"),
        ("select * replace (1 as a) from core.t", "* replace"),
        ("select a / b from core.t", "Div"),
        ("select date_diff('hour', a, b) from core.t", "date_diff('hour', ...)"),
        ("select date_trunc('week', a) from core.t", "date_trunc('week', ...)"),
        ("select regexp_replace(a, 'x', 'y') from core.t", "regexp_replace without 'g'"),
        ("select cast(a as double) from core.t", "the type DOUBLE"),
        ("select try(a + 1) from core.t", "try() of anything but from_json"),
        ("select timezone('Europe/Berlin', cast(a as timestamp)) from core.t", "the type TIMESTAMP"),
        ("select distinct on (a) a, b from core.t", "distinct on"),
        ("select sha256(twice(a)) from core.t", "SHA2"),
        ("select a from core.t using sample 10", "TableSample"),
    ],
)
def test_a_construct_that_no_rule_knows_is_named_with_its_file(sql: str, construct: str) -> None:
    with pytest.raises(Untranslatable) as failure:
        said(sql)

    assert str(failure.value).startswith("sql/core/probe.sql uses ")
    assert construct.lower() in str(failure.value).lower()
    assert "Nothing was built on Spark" in str(failure.value)


@pytest.mark.parametrize(
    ("sql", "spark"),
    [
        ("select twice(a) from core.t", "SELECT (a + a) FROM core__t AS t"),
        ("select twice(a - b) from core.t", "SELECT ((a - b) + (a - b)) FROM core__t AS t"),
        ("select getvariable('currency') from core.t", "SELECT 'CHF' FROM core__t AS t"),
        ("select a // b, a % 7 from core.t", "SELECT a DIV NULLIF(b, 0), a % 7 FROM core__t AS t"),
        (
            "select date_diff('second', a, b) from core.t",
            "SELECT (UNIX_SECONDS(b) - UNIX_SECONDS(a)) FROM core__t AS t",
        ),
        (
            "select try_cast(a as bigint) from core.t",
            "SELECT TRY_CAST(ROUND(TRY_CAST(a AS DECIMAL(38, 10))) AS BIGINT) FROM core__t AS t",
        ),
        (
            "select unnest(l) as e, generate_subscripts(l, 1) as n from core.t",
            "SELECT exploded.element AS e, (exploded.place + 1) AS n FROM core__t AS t "
            "LATERAL VIEW POSEXPLODE(l) exploded AS place, element",
        ),
        (
            "select a from core.t where (a, b) in (select (k.x, k.y) from core.k as k)",
            "SELECT a FROM core__t AS t WHERE EXISTS(SELECT 1 FROM (SELECT k.x AS key_1, k.y AS key_2 "
            "FROM core__k AS k) AS keys_of_query WHERE keys_of_query.key_1 IS NOT DISTINCT FROM a AND "
            "keys_of_query.key_2 IS NOT DISTINCT FROM b)",
        ),
        (
            'select try(from_json(p, \'{"a": [{"b": "VARCHAR"}]}\')) from core.t',
            "SELECT TRY_VARIANT_GET(TRY_PARSE_JSON(p), '$', 'struct<`a`:array<struct<`b`:string>>>') FROM core__t AS t",
        ),
        ("select a from core.t order by a desc", "SELECT a FROM core__t AS t ORDER BY a DESC"),
        ("select a from core.t order by a", "SELECT a FROM core__t AS t ORDER BY a NULLS LAST"),
    ],
)
def test_a_construct_is_said_by_its_rule(sql: str, spark: str) -> None:
    assert said(sql, currency="CHF") == spark


def test_a_macro_of_spark_in_another_form_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"sql/macros/x\.spark\.sql: each statement must be of the form"):
        Translator({}, {"macros/x.spark.sql": "create or replace temp macro f(a) as a;\n"}, Rules())
