"""The SQL folder as data: heads, order, phases, faults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.support.small_project import write_small_project
from transforms.errors import ModelError
from transforms.runner.models import (
    BATCH,
    FINAL,
    LOADS,
    STATIC,
    TEMPORARY,
    fingerprint,
    sql_folder,
)
from transforms.runner.project import cached_project, load_project
from transforms.runner.reader import read_head
from transforms.runner.rebuilds import KINDS, Kept, Temporary, View


@pytest.fixture
def sql(tmp_path: Path) -> Path:
    return write_small_project(tmp_path / "sql")


def test_the_sql_files_of_a_checkout_are_found():
    assert sql_folder() == ROOT / "sql"


def test_each_model_follows_those_that_it_reads(sql):
    project = load_project(sql)
    place = {name: position for position, name in enumerate(project.order)}

    for model in project.models:
        for read in set(model.reads) & set(place):
            assert place[read] < place[model.full_name]
    assert place["checks.channels_are_known"] < place["marts.odd"]


def test_what_a_model_reads_says_when_it_runs(sql):
    phases = {model.name: model.phase for model in load_project(sql).models}

    assert phases == {
        "dim_channel": STATIC,
        "stg_windows": LOADS,
        "fct_crawls": LOADS,
        "stg_orders": BATCH,
        "fct_orders": BATCH,
        "fct_order_versions": BATCH,
        "dim_customer": BATCH,
        "affected_dates": FINAL,
        "fct_daily_sales": FINAL,
        "sales": FINAL,
        "odd": FINAL,
    }


def test_only_table_names_change_in_a_statement(sql):
    write_small_project(
        sql,
        core__fct_orders_sql="""
            -- rebuild: by order
            -- a comment; with a ' and raw.orders in it
            select account, order_id, channel, state, business_date, amount, 'core.x' as version_count,
            from staging.stg_orders semi join "seeds".channels using (channel)
            where stg_orders.state > 0
            """,
    )
    model = next(model for model in load_project(sql).models if model.name == "fct_orders")

    assert 'from temp."staging.stg_orders" as "stg_orders" semi join' in model.sql
    assert 'semi join temp."seeds.channels" as "channels" using (channel)' in model.sql
    assert "-- a comment; with a ' and raw.orders in it" in model.sql
    assert model.reads == ("seeds.channels", "staging.stg_orders")


def test_a_column_that_is_given_by_its_name_alone_has_the_words_of_the_shared_ones(sql):
    shared = "columns:\n  - {name: amount, description: Money.}\n  - {name: account, description: Whose.}"
    own = "name: sales\ncolumns: [account, {name: business_date, description: Day.}, {name: amount, description: All.}]"
    write_small_project(sql, columns_yml=shared, marts__sales_yml=own)
    model = next(model for model in load_project(sql).models if model.name == "sales")

    assert [(column.name, column.description) for column in model.columns] == [
        ("account", "Whose."),
        ("business_date", "Day."),
        ("amount", "All."),
    ]


def test_a_kind_of_model_lasts_as_long_as_a_build_or_is_for_readers():
    assert {name for name, kind in KINDS.items() if isinstance(kind, Temporary)} == set(TEMPORARY)
    assert {name for name, kind in KINDS.items() if isinstance(kind, Kept | View)} == set(KINDS) - set(TEMPORARY)


def test_a_head_may_run_over_several_lines():
    head = read_head("-- severity: fail\n-- harm: someone pays\n--   twice\nselect 1 -- scope: batch")

    assert head == {"severity": "fail", "harm": "someone pays twice"}


FAULTS = {
    "two statements": ({"marts__sales_sql": "-- rebuild: full\nselect 1; select 2"}, "one SELECT"),
    "no select": ({"marts__sales_sql": "-- rebuild: full\ndrop table core.fct_orders"}, "one SELECT"),
    "broken": ({"marts__sales_sql": "-- rebuild: full\nselect from where"}, "marts/sales.sql"),
    "no schema": ({"marts__sales_sql": "-- rebuild: full\nselect * from fct_orders"}, "without its schema"),
    "foreign layer": (
        {"marts__sales_sql": "-- rebuild: full\nselect * from landing.x"},
        "the layers are",
    ),
    "unknown table": (
        {"marts__sales_sql": "-- rebuild: full\nselect * from core.fct_nothing"},
        "core.fct_nothing, which no file makes",
    ),
    "unknown rebuild": ({"marts__sales_sql": "-- rebuild: often\nselect 1"}, "`rebuild: often` is none of"),
    "no rebuild": ({"marts__sales_sql": "select 1 as a"}, "`rebuild: ` is none of"),
    "circle": (
        {"marts__sales_sql": "-- rebuild: full\nselect * from marts.odd union from marts.sales"},
        "in a circle",
    ),
    "newest without a key": (
        {"core__dim_customer_sql": "-- rebuild: newest\nselect * from staging.stg_orders"},
        "needs the heads `key` and `newest`",
    ),
    "order reads a later table": (
        {"core__fct_orders_sql": "-- rebuild: by order\nselect * from core.fct_daily_sales"},
        "circle",
    ),
    "key table missing": ({"increments__affected_dates_sql": None}, "increments.affected_dates"),
    "mart over one batch": (
        {"marts__sales_sql": "-- rebuild: full\nselect * from staging.stg_orders"},
        "one batch of orders at a time",
    ),
    "view of what no reader has": (
        {"marts__sales_sql": "-- rebuild: view\nselect * from increments.affected_dates"},
        "is a view, but reads increments.affected_dates, which no reader has",
    ),
    "undocumented": ({"marts__sales_yml": None}, "marts/sales.sql has no sales.yml"),
    "documented elsewhere": ({"marts__sales_yml": "name: sale\ncolumns: []"}, "`name` must be sales"),
    "a column without a word": (
        {"marts__sales_yml": "name: sales\ncolumns: [{name: account}]"},
        "`columns` must be a list",
    ),
    "a column that nobody describes": (
        {
            "columns_yml": "columns: [{name: amount, description: Money.}]",
            "marts__sales_yml": "name: sales\ncolumns: [amount, account]",
        },
        "sales.yml beside marts/sales.sql says nothing of account, and neither does columns.yml",
    ),
    "no columns": ({"marts__sales_yml": "name: sales"}, "`columns` must be a list"),
    "no yaml": ({"marts__sales_yml": "name: [sales"}, "is no YAML"),
    "check without severity": (
        {"checks__days_equal_orders_sql": "select 1 as one"},
        "`severity: fail|warn`",
    ),
    "ragged seed": ({"seeds__channels_csv": "channel,label\nipad"}, "seeds/channels.csv"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_file_that_breaks_a_rule_is_named(sql, case):
    changed, words = FAULTS[case]
    write_small_project(sql, **changed)

    with pytest.raises(ModelError) as caught:
        load_project(sql)

    assert words in str(caught.value)


def test_the_fingerprint_covers_every_file_that_shapes_a_table(sql):
    before = fingerprint(sql)

    assert before == fingerprint(sql)
    for changed in (
        {"macros__money_sql": "select 1"},
        {"seeds__channels_csv": "channel\nipad"},
        {"marts__sales_yml": "name: sales"},
        {"columns_yml": "columns: []"},
        {"checks__days_equal_orders_sql": "select 1"},
        {"core__fct_more_sql": "select 1"},
    ):
        write_small_project(sql, **changed)
        assert fingerprint(sql) != before
        before = fingerprint(sql)


def test_a_compiled_project_is_the_same_from_disk(sql, tmp_path):
    compiled = cached_project(sql, tmp_path)

    assert cached_project(sql, tmp_path) == compiled == load_project(sql)


@pytest.mark.parametrize("content", ["", "[]", "{", '["x", {}]'], ids=["empty", "list", "cut", "other"])
def test_a_damaged_plan_is_made_anew(sql, tmp_path, content):
    (tmp_path / "plan.json").write_text(content)

    assert cached_project(sql, tmp_path) == load_project(sql)
    assert json.loads((tmp_path / "plan.json").read_text())[0].startswith(fingerprint(sql))


def test_a_plan_that_cannot_be_kept_is_no_fault(sql, tmp_path):
    (tmp_path / "plan.json").mkdir()

    assert cached_project(sql, tmp_path) == load_project(sql)


def test_importing_the_build_imports_nothing_heavy():
    program = (
        "import sys, transforms.runner.build, transforms.runner.publish;"
        "import transforms.readers.published, transforms.readers.dictionary;"
        "print([name for name in ('pandas', 'numpy', 'pyarrow', 'sqlglot', 'yaml') if name in sys.modules])"
    )

    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
