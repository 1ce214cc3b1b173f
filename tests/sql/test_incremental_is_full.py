"""However a history is split into loads and builds, the tables are those of one full build."""

from __future__ import annotations

import copy
import re
from contextlib import closing
from datetime import timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.effort import of_many
from tests.support.landing_file import FIRST_WATERMARK, Load
from tests.support.payloads import line, payment, sale
from tests.support.random_shop import random_loads
from tests.support.warehouse import Warehouse
from transforms.runner.models import sql_folder
from transforms.runner.project import load_project

MOMENTS = (
    "2026-10-30T10:00:00+00:00",
    "2026-10-31T23:30:00+00:00",  # already November in Berlin
    "2026-12-31T23:30:00+00:00",
    "2026-11-01T12:00:00+00:00",
    "never",
)
STATES = (360, 360, 376, 364, 2, 258, 128, 1, 360 | 2048, None)
PEOPLE = (None, None, 301, 302)
CRAWLS = (
    None,  # a complete one for each channel that the orders name
    [{"channel": "ipad"}, {"channel": "shop"}],
    [{"channel": "ipad"}, {"channel": "shop", "status": "incomplete", "watermark": None}],
    [{"channel": "backoffice", "status": "unsupported", "watermark": None}],
)
REJECTED = {"channel": "ipad", "reason": "no id", "payload": "{}"}


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    """One of few orders in one of many contents; equal contents come often, so that histories return."""
    order_id = draw(st.integers(1, 4))
    at = draw(st.sampled_from(MOMENTS))
    person = draw(st.sampled_from(PEOPLE))
    gross = draw(st.sampled_from(["10.00", "3.33", "-1.00", "many"]))
    lines = [line(order_id * 10, gross, product=draw(st.sampled_from([501, 502, None])))]
    lines += draw(st.sampled_from([[], [line(order_id * 10 + 1, "1.07", tax_rate="7.000")], [None]]))
    return sale(
        order_id,
        items=lines,
        state=draw(st.sampled_from(STATES)),
        completed_at=at,
        time_added=at,
        payments=draw(st.sampled_from([[], [payment(1, gross)], [payment(1, "1.00"), payment(2, "2.00")]])),
        discount=draw(st.sampled_from([None, None, {"type": "cash", "amount": "1.00"}])),
        customer=person and {"id": person, "last_name": draw(st.sampled_from(["Anders", "Berg"]))},
        invoice_number=draw(st.sampled_from(["", "7", "R-8"])),
        channel="ipad" if order_id < 3 else "shop",
        user_id=draw(st.sampled_from([7, None])),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Loads of a few orders with what may befall each of them."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "orders": st.lists(orders(), max_size=5),
                    "repeats_known": st.booleans(),
                    "minutes": st.sampled_from([0, 7, 7, 1500, 1500, -60]),
                    "fate": st.sampled_from(
                        ["complete", "complete", "complete", "written twice", "incomplete", "late"]
                    ),
                    "crawls": st.sampled_from(CRAWLS),
                    "quarantine": st.sampled_from([[], [], [], [REJECTED]]),
                    "builds": st.booleans(),
                }
            ),
            min_size=2,
            max_size=4,
        )
    )


@given(history=histories())
@settings(max_examples=of_many(1, 8), suppress_health_check=list(HealthCheck))
def test_any_history_in_any_builds_gives_the_tables_of_a_full_build(tmp_path_factory, history):
    warehouse = Warehouse(tmp_path_factory.mktemp("history"))
    warehouse.append([])
    watermark, known = FIRST_WATERMARK, []
    for number, step in enumerate(history):
        watermark += timedelta(minutes=step["minutes"])
        read = step["orders"] + (known[-3:] if step["repeats_known"] else [])
        known += step["orders"]
        load_id = f"1793500{number:03}.5"
        is_open = step["fate"] in ("incomplete", "late")
        warehouse.append(
            Load(
                copy.deepcopy(read),
                watermark=watermark,
                load_id=load_id,
                status=int(is_open),
                windows=step["crawls"],
                quarantine=step["quarantine"],
            )
        )
        if step["fate"] == "written twice":
            change_landing(
                warehouse, f"insert into raw.orders select * from raw.orders where _dlt_load_id = '{load_id}'"
            )
        if step["builds"]:
            warehouse.load()
        if step["fate"] == "late":
            change_landing(warehouse, f"update raw._dlt_loads set status = 0 where load_id = '{load_id}'")
    warehouse.load()
    incremental = warehouse.tables()

    warehouse.load(full=True)

    assert_same(incremental, warehouse.tables())


@pytest.mark.by_hand
@pytest.mark.long
@pytest.mark.parametrize("crawls", [*CRAWLS[1:], []], ids=["complete", "broken", "unsupported", "none"])
def test_a_history_may_end_in_loads_without_news(tmp_path, crawls):
    warehouse = Warehouse(tmp_path)
    warehouse.load([sale(1, completed_at="2026-11-01T05:00:00+00:00")])
    for minutes in of_many((60, 1500), (60, 1500, 3000)):
        report = warehouse.load(Load([], watermark=FIRST_WATERMARK + timedelta(minutes=minutes), windows=crawls))
    assert (report.full, report.orders_affected, len(report.loads)) == (False, 0, 1)
    incremental = warehouse.tables()

    warehouse.load(full=True)

    assert_same(incremental, warehouse.tables())


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_a_shop_that_was_built_load_by_load_has_the_tables_of_a_full_build(tmp_path, seed):
    warehouse = Warehouse(tmp_path)
    for load in random_loads(seed, orders=60, loads=5):
        report = warehouse.load(load)
    assert not report.full
    incremental = warehouse.tables()

    warehouse.load(full=True)

    assert_same(incremental, warehouse.tables())


@pytest.mark.long
def test_the_same_reads_in_other_loads_give_the_same_orders(tmp_path):
    versions = [sale(state=state) for state in (2, 2, 258, 2, 360, 360)]
    together, apart = Warehouse(tmp_path / "together"), Warehouse(tmp_path / "apart")
    together.load(versions)
    for version in versions:
        apart.load([version])

    columns = "version_number, state, content_hash, items_gross_amount, is_latest"
    query = f"select {columns} from core.fct_order_versions order by all"

    assert together.rows(query) == apart.rows(query)
    assert together.rows("select state_bit, change, version_number from core.fct_order_state_changes order by all") == (
        apart.rows("select state_bit, change, version_number from core.fct_order_state_changes order by all")
    )


def change_landing(warehouse: Warehouse, statement: str) -> None:
    with closing(duckdb.connect(str(warehouse.files.landing))) as landing:
        landing.execute(statement)


def assert_same(incremental: dict[str, list[Any]], full: dict[str, list[Any]]) -> None:
    """Every table of core and marts, row by row."""
    assert incremental.keys() == full.keys()
    assert {name: rows for name, rows in incremental.items() if rows != full[name]} == {
        name: rows for name, rows in full.items() if rows != incremental[name]
    }


def test_what_does_not_count_as_a_change_is_shown_by_no_figure_that_is_kept_by_date():
    project = load_project(sql_folder())
    models = {model.full_name: model for model in project.models}
    text = (sql_folder() / models["increments.changed_orders"].path).read_text("utf-8")
    left_out = re.findall(r"\w+", text.partition("exclude (")[2].partition(")")[0])
    assert {"state", "is_read", "content_hash"} < set(left_out)
    by_date = [model for model in project.models if model.rebuild == "by" and model.by != "load"]
    assert len(by_date) >= 9
    read = {name for model in by_date for name in model.reads}
    by_date += [models[name] for name in read if name in models and models[name].rebuild == "temporary"]

    for model in by_date:
        if "core.fct_orders" in model.reads:
            assert not set(re.findall(r"\w+", model.sql)) & set(left_out), model.path


@pytest.mark.long
def test_an_order_that_was_only_read_or_sent_off_leaves_the_days_alone(tmp_path):
    warehouse = Warehouse(tmp_path)
    sold = sale(1, state=360, completed_at="2026-11-01T05:00:00+00:00")
    warehouse.load([sold, sale(2, state=360, completed_at="2026-11-01T05:00:00+00:00")])

    report = warehouse.load([sold | {"state": 360 | 2048}])

    assert (report.full, report.orders_changed) == (False, 1)
    assert report.tables["core.fct_orders"] == 2
    assert {name: rows for name, rows in report.tables.items() if name.startswith("core.fct_daily") and rows} == {}
    incremental = warehouse.tables()
    warehouse.load(full=True)
    assert_same(incremental, warehouse.tables())
