"""The tables of a SELECT, read without a parser: either as sqlglot finds them or not at all."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import ModelError
from transforms.runner.models import sql_folder
from transforms.runner.parsed_select import parsed_tables
from transforms.runner.plain_select import Named, plain_tables

FILES = sorted(path for path in sql_folder().glob("*/*.sql") if path.parent.name not in ("samples", "macros"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_of_ours_is_plain_and_both_ways_find_the_same(path):
    text = path.read_text("utf-8")

    assert plain_tables(text) == sorted(parsed_tables(text, path.name), key=lambda table: table.start)


def test_compiling_our_files_does_not_need_sqlglot():
    program = (
        "import sys; from transforms.runner.models import load_project, sql_folder;"
        "load_project(sql_folder()); print('sqlglot' in sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "False\n"


PLAIN = {
    "one": ("select * from core.a", ["core.a"]),
    "twice": ("select * from core.a as x cross join core.a as y", ["core.a", "core.a"]),
    "capitals": ("SELECT * FROM core.a AS x WHERE true;", ["core.a"]),
    "common": ("with c as (select * from raw.a), d as (select 1) select * from c join d on true", ["raw.a"]),
    "recursive": ("with recursive c as (select 1 union all select * from c) select * from c", []),
    "inside": ("select (select max(k) from core.b) in (select k from ops.c)", ["core.b", "ops.c"]),
    "function": ("select * from unnest([1, 2]) as t(k) semi join core.a using (k)", ["core.a"]),
    "compared": ("select k is not distinct from l, count(*) from core.a group by k, l", ["core.a"]),
    "words in strings and comments": ("select 'from core.b', \"from core.c\" -- from core.d\nfrom core.a", ["core.a"]),
    "window": ("select sum(k) over w from core.a window w as (order by k), v as (order by k)", ["core.a"]),
}
NOT_PLAIN = {
    "comma": "select * from core.a, core.b",
    "comma behind a join": "with b as (select 1) select * from core.a join b on core.a.k = b.k, b",
    "alias without as": "select * from core.a x",
    "quoted layer": 'select * from "core".a',
    "quoted name": 'select * from core."a"',
    "alias that is a layer": "select core.k from core.a as core",
    "column that is a layer": "select raw from core.a",
    "part of a time": "select extract(year from k) from core.a",
    "tables in parentheses": "select * from (core.a join core.b using (k))",
    "table first": "from core.a",
    "catalogue": "select * from landing.raw.orders",
    "three parts": "select * from core.a.b",
    "foreign layer": "select * from landing.x",
    "no schema": "select * from fct_orders",
    "window in the place of a table": "select 1 from core.a join w using (k) window w as (order by k)",
    "file": "select * from 'core.csv'",
    "escaped string": r"select e'it\'s from core.b', '' from core.a",
    "string in dollars": "select $$ from core.b $$ from core.a",
    "long comment": "select /* from core.b */ k from core.a",
    "open string": "select 'k from core.a",
    "open parenthesis": "select (k from core.a",
    "closed twice": "select k) from core.a",
    "two": "select 1; select 2",
    "deletion": "with c as (select 1) delete from core.a",
    "deletion inside": "with c as (delete from core.a returning k) select * from c",
    "other": "drop table core.a",
    "nothing": "-- nothing",
}


@pytest.mark.parametrize("case", PLAIN)
def test_a_plain_statement_is_read(case):
    text, expected = PLAIN[case]

    found = plain_tables(text)

    assert found is not None
    assert [text[table.start : table.end] for table in found] == expected


@pytest.mark.parametrize("case", NOT_PLAIN)
def test_whatever_is_not_plain_is_left_to_the_parser(case):
    assert plain_tables(NOT_PLAIN[case]) is None


def _of(*choices: str) -> st.SearchStrategy[str]:
    return st.sampled_from(choices)


TABLES = _of(
    *("core.a", "raw.b as x", "core.a x", "c", "c as core", "nobody", "landing.a", '"core".a', 'core."a"', "core.a.b"),
    *("(select k from core.d)", "(core.a join ops.b using (k))", "(c)", "unnest([1, 2]) as t(k)", "range(3)"),
    *("lateral (select k from core.e)", "'core.csv'", "(values (1), (2)) as v(k)", "(from core.a)", "CORE.a"),
)
VALUES = _of(
    *("k", "core.k", "'from core.s'", '"from core.q"', "extract(year from k)", "k is distinct from core.k", "{'a': k}"),
    *("exists (select 1 from core.f, c)", "k in (select k from c)", "/* from core.w */ k", "-- from core.w\nk"),
    *(r"e'it\'s from core.s'", "$$ from core.v $$", "trim(both from k)", "[x + 1 for x in k]", "sum(k) over w", "raw"),
)
JOINS = _of(" join {} using (k)", ", {}", " cross join {}", " left join {} on true", " asof join {} on k < 1")
TAILS = _of(
    *("", " where k = 1", " group by k, l", " window w as (order by k)", " order by k, l limit 1", ";", "; select 1"),
    *(" union all select * from core.u", " qualify true", " union from core.u", ")", " where k = (select 'x"),
)
HEADS = _of(
    "", "with c as (select * from core.h) ", "with c(k) as (from core.h) ", "with c as (values (1)), d as (select 1) "
)


@given(HEADS, st.lists(VALUES, min_size=1, max_size=3), TABLES, st.lists(st.tuples(JOINS, TABLES), max_size=2), TAILS)
def test_what_is_read_without_a_parser_is_what_the_parser_finds(head, values, table, joins, tail):
    joined = "".join(join.format(other) for join, other in joins)
    text = f"{head}select {', '.join(values)} from {table}{joined}{tail}"

    found = plain_tables(text)

    assert found is None or _parsed(text) in (None, found)


def _parsed(text: str) -> list[Named] | None:
    """As sqlglot finds them; None: it cannot parse the text, which DuckDB's own parser will refuse as well.

    Raises:
        ModelError: It breaks a rule.
    """
    try:
        return sorted(parsed_tables(text, "x.sql"), key=lambda table: table.start)
    except ModelError as fault:
        if "cannot be parsed" in str(fault):
            return None
        raise
