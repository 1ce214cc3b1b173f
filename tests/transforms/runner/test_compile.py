"""The tables of a SELECT, as DuckDB's parser and, independently, sqlglot find them."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transforms.errors import ModelError
from transforms.runner.compile import LAYERS, Compiler, Lasting
from transforms.runner.models import sql_folder

FILES = sorted(path for path in sql_folder().glob("*/*.sql") if path.parent.name not in ("samples", "macros"))
COMPILER = Compiler(Lasting(frozenset({"core.t"}), frozenset({"core.o"})))


def named(text: str) -> list[str]:
    """How the statement names its tables, in its order."""
    sent = text.encode()
    return [sent[table.start : table.end].decode() for table in COMPILER.tables(text, "x.sql")]


def named_by_sqlglot(text: str) -> list[str] | None:
    """The same by another parser; None: it cannot parse the text, or a rule is broken."""
    try:
        statements = [found for found in sqlglot.parse(text, dialect="duckdb") if found is not None]
    except SqlglotError:
        return None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return None
    common = {cte.alias for cte in statements[0].find_all(exp.CTE)}
    places = []
    for table in statements[0].find_all(exp.Table):
        if isinstance(table.this, exp.Identifier) and not (not table.db and table.name in common):
            if table.catalog or table.db not in LAYERS:
                return None
            places.append((table.args["db"].meta["start"], table.this.meta["end"] + 1))
    return [text[start:end] for start, end in sorted(places)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_both_parsers_find_the_same_tables_in_a_file_of_ours(path):
    text = path.read_text("utf-8")

    assert named(text) == named_by_sqlglot(text)


def test_compiling_our_files_does_not_need_sqlglot():
    program = (
        "import sys; from transforms.runner.models import sql_folder; "
        "from transforms.runner.project import load_project; load_project(sql_folder()); "
        "print('sqlglot' in sys.modules)"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "False\n"


READ = {
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
    "comma": ("select * from core.a, core.b", ["core.a", "core.b"]),
    "comma behind a join": ("with b as (select 1) select * from core.a join b on core.a.k = b.k, b", ["core.a"]),
    "alias without as": ("select * from core.a x", ["core.a"]),
    "quoted layer": ('select * from "core".a', ['"core".a']),
    "quoted name": ('select * from core."a ""b"""', ['core."a ""b"""']),
    "alias that is a layer": ("select core.k from core.a as core", ["core.a"]),
    "part of a time": ("select extract(year from k) from core.a", ["core.a"]),
    "tables in parentheses": ("select * from (core.a join core.b using (k))", ["core.a", "core.b"]),
    "table first": ("from core.a", ["core.a"]),
    "behind letters of several bytes": (
        "select 'Größe €' as é from core.a -- ü\njoin raw.b on true",
        ["core.a", "raw.b"],
    ),
    "escaped string": (r"select e'it\'s from core.b', '' from core.a", ["core.a"]),
    "string in dollars": ("select $$ from core.b $$ from core.a", ["core.a"]),
    "long comment": ("select /* from core.b */ k from core.a", ["core.a"]),
}
REFUSED = {
    "catalogue": ("select * from landing.raw.orders", "reads `landing.raw.orders`; the layers are"),
    "foreign layer": ("select * from landing.x", "reads `landing.x`; the layers are"),
    "no schema": ("select * from fct_orders", "names the table `fct_orders` without its schema"),
    "file": ("select * from 'core.csv'", "without its schema"),
    "table without from": ("table core.a", "behind `from` or `join`"),
    "description": ("describe core.a", "behind `from` or `join`"),
    "open string": ("select 'k from core.a", "cannot be parsed"),
    "open parenthesis": ("select (k from core.a", "cannot be parsed"),
    "closed twice": ("select k) from core.a", "cannot be parsed"),
    "two": ("select 1; select 2", "must hold one SELECT"),
    "deletion": ("with c as (select 1) delete from core.a", "must hold one SELECT"),
    "other": ("drop table core.a", "must hold one SELECT"),
    "nothing": ("-- nothing", "must hold one SELECT"),
}


@pytest.mark.parametrize("case", READ)
def test_tables_are_found_where_they_stand(case):
    text, expected = READ[case]

    assert named(text) == expected


@pytest.mark.parametrize("case", REFUSED)
def test_whatever_is_no_select_over_layers_is_refused(case):
    text, words = REFUSED[case]

    with pytest.raises(ModelError, match=r"^(sql/)?x\.sql ") as caught:
        COMPILER.compile(text, "x.sql")

    assert words in str(caught.value)


def test_names_become_those_of_the_attached_databases():
    text = """select 'ß', * from core.t join core.o as o using (k) join core.k using (k) join raw.orders using (k)
    join raw._dlt_loads as l using (k) join "seeds".s using (k)
    join stored.o as p using (k);
    """

    compiled = COMPILER.compile(text, "x.sql")

    assert compiled.sql == (
        """select 'ß', * from temp."core.t" as "t" join core.o as o using (k) join core.k using (k) join """
        """landing.raw."orders" as "orders" using (k)
    join temp."raw._dlt_loads" as l using (k) join temp."seeds.s" as "s" using (k)
    join temp."stored.o" as p using (k)"""
    )
    assert compiled.sql_of_written == compiled.sql.replace("core.o as o", 'temp."written core.o" as o')
    assert compiled.reads == ("core.k", "core.o", "core.t", "raw._dlt_loads", "raw.orders", "seeds.s", "stored.o")


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
def test_both_parsers_find_the_same_tables(head, values, table, joins, tail):
    joined = "".join(join.format(other) for join, other in joins)
    text = f"{head}select {', '.join(values)} from {table}{joined}{tail}"

    try:
        found = named(text)
    except ModelError:
        return

    assert named_by_sqlglot(text) in (None, found)
