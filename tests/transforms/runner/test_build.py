"""Builds: what new loads change, everything, and nothing half done."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.effort import of_many
from tests.support.landing_file import FIRST_WATERMARK, Load
from tests.support.small_project import SmallWarehouse, order
from transforms.errors import FilesHeld, ModelError, TransformError
from transforms.runner import loads as staging
from transforms.runner import rebuilds
from transforms.runner.build import Rules, RunRecord, record_run

NEXT_DAY = {"at": "2026-11-02T09:00:00+00:00"}


def test_the_first_build_makes_every_table(small):
    small.load([order(1), order(2, "5.00", customer="anna"), order(3, "7.00", channel="shop", **NEXT_DAY)])

    report = small.build()

    assert (report.full, report.changed, report.orders_new, report.orders_affected) == (True, True, 3, 3)
    assert report.tables["core.fct_orders"] == 3
    assert small.rows("select business_date::varchar, order_count, amount from marts.sales order by all") == [
        ("2026-11-01", 2, Decimal("15.00")),
        ("2026-11-02", 1, Decimal("7.00")),
    ]
    assert small.rows("select customer, last_channel from core.dim_customer") == [("anna", "ipad")]
    assert small.rows("select load_id, order_rows from ops.loads") == [(report.loads[0], 3)]


def test_a_changed_order_leaves_its_old_day_and_enters_its_new_one(small):
    small.load([order(1), order(2, "5.00")])
    small.build()
    small.load([order(1, "11.00", **NEXT_DAY)])

    report = small.build()

    assert (report.full, report.orders_new, report.orders_changed) == (False, 0, 1)
    assert small.rows("select business_date::varchar, order_count, amount from marts.sales order by all") == [
        ("2026-11-01", 1, Decimal("5.00")),
        ("2026-11-02", 1, Decimal("11.00")),
    ]
    assert small.rows("select count(*) from core.fct_order_versions where order_id = 1") == [(2,)]


def test_a_day_that_its_last_order_leaves_is_gone(small):
    small.load([order(1)])
    small.build()
    small.load([order(1, **NEXT_DAY)])

    small.build()

    assert small.rows("select business_date::varchar from marts.sales") == [("2026-11-02",)]


def test_a_build_with_nothing_new_changes_nothing(small):
    small.load([order(1)])
    small.build()
    small.publish()
    before = small.files.build.read_bytes()

    report = small.build()

    assert (report.changed, report.loads, report.tables, report.checks) == (False, (), {}, ())
    assert small.files.build.read_bytes() == before


def test_orders_that_are_read_again_unchanged_rebuild_nothing_that_is_made_of_orders(small):
    small.load([order(1), order(2)])
    small.build()
    small.publish()
    before = small.tables()
    small.load([order(1, user_id=77), order(2, delta_state="updated")])

    report = small.build()

    assert (report.changed, report.orders_affected, report.orders_reread) == (False, 0, 2)
    assert set(report.tables) == {"core.fct_crawls"}
    after = small.tables()
    assert {name for name in after if after[name] != before[name]} == {"core.fct_crawls"}


def test_a_load_without_news_is_built_in_but_not_worth_publishing(small):
    small.load([order(1)])
    small.build()
    small.publish()
    small.load([order(1)])

    report = small.build()

    assert (report.changed, len(report.loads)) == (False, 1)
    assert small.rows("select count(*) from ops.loads") == [(2,)]
    assert small.rows("select count(*) from core.fct_crawls") == [(2,)]
    assert not small.build().changed
    small.load([order(1, "21.00")])
    report = small.build()
    assert (report.changed, len(report.loads), report.orders_changed) == (True, 1, 1)
    assert small.build().loads == ()


def test_a_load_that_is_not_complete_is_ignored_until_it_is(small):
    small.load([order(1)], Load([order(2)], load_id="1900000000.0", status=1))

    small.build()
    assert small.rows("select order_id from core.fct_orders") == [(1,)]

    with duckdb.connect(small.files.landing) as landing:
        landing.execute("update raw._dlt_loads set status = 0")
    assert small.build().loads == ("1900000000.0",)
    assert small.rows("select order_id from core.fct_orders order by all") == [(1,), (2,)]


def test_a_load_without_orders_is_built_in_if_it_has_other_news(small):
    small.load([order(1)])
    small.build()
    small.load(Load([], windows=[{"channel": "shop", "status": "incomplete"}]))

    report = small.build()

    assert report.orders_affected == 0
    assert small.rows("select channel from core.fct_crawls order by all") == [("ipad",), ("shop",)]


def test_an_order_that_returns_to_an_earlier_content_has_three_versions(small):
    small.load([order(1, "1.00")], [order(1, "2.00")])
    small.build()
    small.load([order(1, "1.00")])

    assert small.build().orders_changed == 1
    assert small.rows("select amount from core.fct_order_versions order by version_number") == [
        (Decimal("1.00"),),
        (Decimal("2.00"),),
        (Decimal("1.00"),),
    ]


def test_newest_wins_whatever_order_the_orders_come_in(small):
    small.load([order(9, customer="anna", channel="shop")])
    small.build()
    small.load([order(1, customer="anna", channel="ipad"), order(2, customer="ben")])
    small.build()
    small.load([order(2, "3.00", customer="anna", channel="ebay"), order(1, customer="anna", channel="ipad")])
    small.build()

    assert small.rows("select customer, last_channel from core.dim_customer order by all") == [
        ("anna", "ebay"),
        ("ben", "ipad"),
    ]


def test_a_reading_older_than_a_known_one_makes_the_build_full(small):
    small.load([order(1, "1.00", customer="anna")], [order(1, "2.00", customer="ben")])
    small.build()
    small.load(Load([order(1, "9.00", customer="anna")], watermark=FIRST_WATERMARK - timedelta(days=1)))

    report = small.build()

    assert report.full
    assert "older" in str(report.reason)
    assert small.rows("select amount from core.fct_order_versions order by version_number") == [
        (Decimal("9.00"),),
        (Decimal("1.00"),),
        (Decimal("2.00"),),
    ]


@pytest.mark.cases(1)
@pytest.mark.parametrize("batch_orders", [3, 1, 100], ids=["in threes", "one by one", "at once"])
def test_batches_change_nothing_but_memory(small, monkeypatch, batch_orders):
    small.load([order(n, f"{n}.00", customer=f"c{n % 3}") for n in range(1, 9)])
    small.build()
    small.load([order(n, f"{n}.50", customer="c0", **NEXT_DAY) for n in range(4, 12)])
    small.build()
    expected = small.tables()

    monkeypatch.setattr(staging, "BATCH_ORDERS", batch_orders)
    report = small.build(full=True)

    assert small.tables() == expected
    assert report.tables["core.fct_orders"] == 11


# -- what starts a full build ---------------------------------------------------------------------


def test_a_changed_sql_file_makes_the_build_full(small):
    small.load([order(1)])
    small.build()
    small.change(
        macros__money_sql="""
        create or replace temp macro day_of(moment) as date '2000-01-01';
        create or replace temp macro amount_of(text) as try_cast(text as decimal(18, 2));
        """
    )

    report = small.build()

    assert (report.full, report.reason) == (True, "the SQL files changed")
    assert small.rows("select business_date::varchar from marts.sales") == [("2000-01-01",)]


def test_a_changed_rule_makes_the_build_full(small):
    small.load([order(1, at="2026-11-01T23:30:00+00:00")])
    small.build()
    assert small.rows("select business_date::varchar from marts.sales") == [("2026-11-02",)]

    assert small.build(Rules(timezone="UTC")).full
    assert small.rows("select business_date::varchar from marts.sales") == [("2026-11-01",)]
    assert small.rows("select value from ops.meta where key = 'timezone'") == [("UTC",)]


def test_a_landing_file_that_was_replaced_makes_the_build_full(small):
    small.load([order(1)])
    small.build()
    small.files.landing.unlink()
    small.load(Load([order(2)], load_id="1900000000.0"))

    assert small.build().full
    assert small.rows("select order_id from core.fct_orders") == [(2,)]


def test_a_lost_build_file_comes_back_from_the_published_one(small):
    small.load([order(1)])
    small.build()
    small.publish()
    small.files.build.unlink()
    small.load([order(2)])

    report = small.build()

    assert (report.full, report.orders_affected) == (False, 1)
    assert small.rows("select order_id from core.fct_orders order by all") == [(1,), (2,)]


@pytest.mark.cases(1)
@pytest.mark.parametrize("content", [b"", b"no database", None], ids=["empty", "text", "cut"])
def test_a_broken_build_file_comes_back_from_the_published_one(small, content):
    small.load([order(1)])
    small.build()
    small.publish()
    small.files.build.write_bytes(content if content is not None else small.files.build.read_bytes()[:4000])

    report = small.build()

    assert not report.full
    assert small.tables() == small.tables(small.files.published)


def test_without_build_file_and_published_file_everything_is_built(small):
    small.load([order(1)])
    small.build()
    small.files.build.write_text("no database")

    assert small.build().full


def test_a_full_build_keeps_the_logs(small):
    small.load([order(1, "-1.00")])
    small.build(run_id="first")
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    record_run(small.files, RunRecord("first", "sync", moment, moment, seconds={"load": 1.25}, rows={"load": 1}))

    small.build(full=True, run_id="second")

    assert small.rows("select run_id, command, seconds, rows from ops.runs") == [
        ("first", "sync", '{"load": 1.25}', '{"load": 1}')
    ]
    assert small.rows("select distinct run_id from ops.checks order by all") == [("first",), ("second",)]


@pytest.mark.cases(1)
@pytest.mark.parametrize("next_build", ["none", "new", "full", "restored"])
def test_the_log_of_an_earlier_version_is_kept_and_gets_its_new_column(small, next_build):
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    small.load([order(1)])
    small.build()
    record_run(small.files, RunRecord("old", "sync", moment, moment))
    with duckdb.connect(str(small.files.build)) as connection:
        connection.execute("alter table ops.runs drop column rows")
    if next_build == "restored":
        small.publish()
        small.files.build.unlink()
    if next_build != "none":
        small.load([order(2)])
        small.build(full=next_build == "full")

    record_run(small.files, RunRecord("new", "sync", moment, moment, rows={"load": 1}))

    assert small.rows("select run_id, rows from ops.runs order by all desc") == [("old", None), ("new", '{"load": 1}')]
    assert small.rows(
        "select count(*) from duckdb_columns() where table_name = 'runs' and column_name = 'rows' and comment is null"
    ) == [(0,)]


@pytest.mark.parametrize("full", [True, False], ids=["full", "changed-rule"])
def test_a_warehouse_of_a_version_that_knew_fewer_logs_is_built_anew(small, full):
    small.load([order(1)])
    small.build(run_id="old")
    with duckdb.connect(str(small.files.build)) as connection:
        connection.execute("drop table ops.broken_claims")
        connection.execute("drop table ops.accepted_claims")
    small.load([order(2)])

    assert small.build(None if full else Rules(timezone="UTC"), full=full, run_id="new").full

    assert small.rows("select sum(order_count) from marts.sales") == [(2,)]
    assert small.rows("select distinct run_id from ops.checks order by all") == [("new",), ("old",)]
    assert small.rows("select count(*) from ops.accepted_claims") == [(0,)]


# -- nothing half done -------------------------------------------------------------------------------


def test_a_large_table_keeps_the_rows_that_are_right(small, monkeypatch):
    monkeypatch.setattr(rebuilds, "LARGE", 1)
    small.load([order(1, customer=None), order(2, **NEXT_DAY), order(3, at="2026-11-05T10:00:00+00:00")])
    small.build()
    small.load([order(2, "5.00", **NEXT_DAY), order(4, at="2026-11-06T10:00:00+00:00")])

    report = small.build()

    assert report.tables["marts.sales"] == 3  # one day goes and comes again, another is new
    incremental = small.tables()
    small.build(full=True)
    assert small.tables() == incremental


@pytest.mark.long
@pytest.mark.parametrize("broken", ["cast('x' as integer)", "order_count +"], ids=["value", "syntax"])
def test_a_failing_statement_names_its_file_and_changes_nothing(small, broken):
    small.load([order(1)])
    small.build()
    before = small.tables()
    small.change(
        marts__sales_sql=f"""
        -- rebuild: full
        select account, business_date, {broken} as order_count, amount from core.fct_daily_sales
        """
    )
    small.load([order(2)])

    with pytest.raises(ModelError, match=r"sql/marts/sales\.sql"):
        small.build()

    assert small.tables() == before
    assert not list(small.files.work.glob("*.new*"))


def test_a_failing_statement_of_an_incremental_build_changes_nothing(small):
    small.change(
        marts__sales_sql="""
        -- rebuild: full
        select account, business_date, order_count, cast(if(amount > 50, 'x', '1') as integer) as amount
        from core.fct_daily_sales
        """,
        checks__days_equal_orders_sql=None,
    )
    small.load([order(1)])
    small.build()
    before = small.tables()
    small.load([order(2, "51.00")])

    with pytest.raises(ModelError, match=r"sql/marts/sales\.sql"):
        small.build()

    assert small.tables() == before
    assert small.rows("select count(*) from ops.loads") == [(1,)]


def test_columns_that_the_yml_does_not_describe_are_refused(small):
    small.load([order(1)])
    small.change(marts__sales_sql="-- rebuild: full\nselect account, amount, 1 as extra from core.fct_daily_sales")

    with pytest.raises(ModelError, match="extra") as caught:
        small.build()

    assert "marts/sales.sql gives extra, which marts/sales.yml does not describe" in str(caught.value)
    assert "marts/sales.yml describes business_date, order_count" in str(caught.value)


def test_columns_in_another_order_than_the_yml_are_refused(small):
    small.load([order(1)])
    small.change(
        marts__sales_sql="""
        -- rebuild: full
        select business_date, account, order_count, amount from core.fct_daily_sales
        """
    )

    with pytest.raises(ModelError, match="another order"):
        small.build()


def test_nothing_loaded_yet_is_said_so(small):
    with pytest.raises(TransformError, match="nothing was loaded yet"):
        small.build()

    duckdb.connect(small.files.landing).close()
    with pytest.raises(TransformError, match="no complete load yet"):
        small.build()


def test_a_landing_file_that_is_no_database_is_said_so(small):
    small.files.landing.write_text("no database")

    with pytest.raises(TransformError, match="cannot be read as a database"):
        small.build()


HOLD = """
import sys, time, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("held", ["build", "landing"])
@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full"])
def test_a_file_that_another_program_holds_is_named_with_that_program(small, held, full):
    small.load([order(1)])
    small.build()
    path = getattr(small.files, held)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        try:
            with pytest.raises(FilesHeld, match=rf"{path.name}.*PID {holder.pid}") as caught:
                small.build(full=full)
        finally:
            holder.kill()

    assert caught.value.exit_code == 4
    assert not small.build().full


KILLED = """
import os, sys, signal
from pathlib import Path
from tests.support.small_project import SmallWarehouse
small = SmallWarehouse(Path(sys.argv[1]))
def on_step(name, index, count):
    if index >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
report = small.build(on_step=on_step, full=sys.argv[3] == "full")
print("whole", len(report.tables))
"""


@pytest.mark.cases(1)
@pytest.mark.parametrize("full", ["incremental", "full"])
def test_a_killed_build_leaves_the_warehouse_as_it_was(small, full):
    small.load([order(n, customer=f"c{n}") for n in range(20)])
    small.build()
    before = small.tables()
    small.load([order(n, "3.00", **NEXT_DAY) for n in range(10, 30)])

    for step in of_many((3, 9), (1, 3, 5, 7, 9, 11)):
        ran = subprocess.run([sys.executable, "-c", KILLED, str(small.home), str(step), full], check=False)
        assert ran.returncode == -signal.SIGKILL
        assert small.tables() == before

    small.build()
    assert not list(small.files.work.glob("*.new*"))  # of which only full builds make one
    incremental = small.tables()
    assert incremental != before
    small.build(full=True)
    assert small.tables() == incremental


@pytest.mark.long
@pytest.mark.parametrize("full", ["incremental", "full"])
def test_a_build_killed_at_any_moment_has_done_all_or_nothing(small, full):
    small.load([order(n, customer=f"c{n}") for n in range(2000)])
    small.build()
    small.publish()
    before = small.tables()
    small.load([order(n, "3.00", **NEXT_DAY) for n in range(1000, 3000)])
    small.build()
    after = small.tables()

    for tenth in range(3, 10):
        shutil.copyfile(small.files.published, small.files.build)
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(small.home), "99", full], stdout=subprocess.DEVNULL
        ) as building:
            time.sleep(tenth / 10)
            building.kill()
        assert small.tables() in (before, after)


CROWDED = """
import resource, signal, sys
from pathlib import Path
from tests.support.small_project import SmallWarehouse
from transforms.errors import TransformError
small = SmallWarehouse(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    small.build(full=sys.argv[3] == "full")
except TransformError as fault:
    print(type(fault).__name__, fault)
"""


@pytest.mark.long
@pytest.mark.parametrize("full", ["incremental", "full"])
def test_a_full_disk_is_said_so_and_changes_nothing(small, full):
    small.load([order(n) for n in range(20)])
    small.build()
    before = small.tables()
    small.load([order(n, f"{n}.00", customer=f"customer {n}" * 9) for n in range(5000)])

    ran = subprocess.run(
        [sys.executable, "-c", CROWDED, str(small.home), "400000", full], capture_output=True, text=True
    )

    assert ran.stderr == ""
    assert "nothing was changed" in ran.stdout
    assert small.tables() == before
    assert not list(small.files.work.glob("*.new*"))
    small.build()
    assert small.rows("select count(*) from core.fct_orders") == [(5000,)]


def test_a_disk_that_fills_up_after_the_commit_loses_nothing(small):
    small.load([order(n, f"{n}.00", customer=f"customer {n}" * 9) for n in range(5000)])
    small.build()
    small.load([order(n, "1.00") for n in range(500)])
    size = small.files.build.stat().st_size

    ran = subprocess.run(
        [sys.executable, "-c", CROWDED, str(small.home), str(size), "incremental"], capture_output=True, text=True
    )

    assert (ran.stdout, ran.stderr) == ("", "")
    assert small.files.build.with_name("build.duckdb.wal").stat().st_size > 0  # the file itself could not grow
    assert small.build().loads == ()
    small.publish()
    changed = "select count(*) from core.fct_orders where version_count = 2"
    assert small.rows(changed, small.files.published) == [(500,)]


def test_an_interrupted_full_build_leaves_nothing_behind(small):
    small.load([order(1)])
    small.build()
    before = small.tables()

    def interrupt(name: str, index: int, count: int) -> None:
        if name == "marts.sales":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small.build(full=True, on_step=interrupt)

    assert small.tables() == before
    assert not list(small.files.work.glob("*.new*"))


INTERRUPTED = """
import sys
from pathlib import Path
from tests.support.small_project import SmallWarehouse
from transforms.runner import build
connect = build.connect
def connect_with_one_thread(*args, **options):  # a query in another thread notices Ctrl-C only when it ends
    connection = connect(*args, **options)
    connection.execute("set threads = 1")
    return connection
build.connect = connect_with_one_thread
small = SmallWarehouse(Path(sys.argv[1]))
small.change(marts__sales_sql='''
    -- rebuild: full
    select account, business_date, count(*) as order_count, sum(amount) as amount
    from core.fct_daily_sales, range(10000000) as a(i), range(10000) as b(j)
    where i * j = -1
    group by account, business_date
    ''')
try:
    small.build(on_step=lambda name, index, count: print(name, flush=True))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.long
def test_ctrl_c_ends_a_long_query_and_leaves_the_warehouse_as_it_was(small):
    small.load([order(1)])
    small.build()
    before = small.tables()
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(small.home)], stdout=subprocess.PIPE, text=True
    ) as building:
        assert building.stdout is not None
        while building.stdout.readline() != "marts.sales\n":
            pass
        time.sleep(0.3)
        building.send_signal(signal.SIGINT)

        assert building.communicate()[0] == "interrupted\n"
    assert small.tables() == before
    assert not list(small.files.work.glob("*.new*"))


# -- what a build tells ----------------------------------------------------------------------------


def test_progress_counts_up_to_its_end(small):
    small.load([order(1), order(2)])
    told: list[tuple[str, int, int]] = []

    small.build(on_step=lambda *step: told.append(step))
    first, told = told, []
    small.load([order(1, "2.00")])
    small.build(on_step=lambda *step: told.append(step))

    for steps in (first, told):
        numbers = [index for _, index, _ in steps]
        assert numbers == sorted(set(numbers))
        assert {count for _, _, count in steps} == {numbers[-1]}
    assert "core.fct_orders" in [name for name, _, _ in told]


def test_seconds_and_rows_are_told_for_each_step(small):
    small.load([order(1)])

    report = small.build()

    assert {"setup", "staging.stg_orders", "core.fct_orders", "marts.sales"} <= set(report.seconds)
    assert all(seconds >= 0 for seconds in report.seconds.values())
    assert report.tables["core.fct_orders"] == 1


def test_every_table_and_column_is_commented(small):
    without = "select table_name, column_name from duckdb_columns() where comment is null and not internal"
    small.load([order(1)])
    small.build()

    assert small.rows("select table_name from duckdb_tables() where comment is null") == []
    assert small.rows(without) == []
    small.load([order(1, "2.00")])
    small.build()
    assert small.rows(without) == []


def test_tables_that_nothing_reached_are_left_alone(small):
    small.load([order(1)])
    small.build()
    small.load([order(2)])

    assert "core.dim_channel" not in small.build().tables


@pytest.mark.long
def test_many_small_builds_do_not_grow_the_file_without_end(small):
    small.load([order(n, f"{n}.00") for n in range(200)])
    small.build()
    for n in range(6):
        small.load([order(k, f"{k}.{n:02}") for k in range(0, 200, 40)])
        small.build()
    size = small.files.build.stat().st_size
    for n in range(6, 18):
        small.load([order(k, f"{k}.{n:02}") for k in range(0, 200, 40)])
        small.build()

    assert small.files.build.stat().st_size <= 1.5 * size


def test_two_accounts_with_the_same_order_id_are_kept_apart(small):
    small.load(Load([order(1, "1.00")], account="north"), Load([order(1, "2.00")], account="south"))
    small.build()
    small.load(Load([order(1, "3.00")], account="south"))
    small.build()

    assert small.rows("select account, amount from core.fct_orders order by all") == [
        ("north", Decimal("1.00")),
        ("south", Decimal("3.00")),
    ]


# -- the law -----------------------------------------------------------------------------------------

ORDERS = st.builds(
    order,
    order_id=st.integers(1, 6),
    amount=st.sampled_from(["1.00", "2.50", "-3.00"]),
    channel=st.sampled_from(["ipad", "ebay"]),
    customer=st.sampled_from([None, "anna", "ben"]),
    at=st.sampled_from(["2026-11-01T09:00:00+00:00", "2026-11-02T23:30:00+00:00", "2026-11-04T12:00:00+00:00"]),
)


@given(
    loads=st.lists(st.lists(ORDERS, max_size=6), min_size=1, max_size=6),
    builds_after=st.sets(st.integers(0, 5)),
    clock=st.sampled_from([1, 0, -1]),
)
@settings(max_examples=of_many(1, 25))
def test_any_split_of_a_history_ends_in_the_same_tables(tmp_path_factory, loads, builds_after, clock):
    small = SmallWarehouse(tmp_path_factory.mktemp("split"))
    small.load([])
    for number, orders in enumerate(loads):
        small.load(Load(orders, watermark=FIRST_WATERMARK + clock * number * timedelta(minutes=7)))
        if number in builds_after:
            small.build()
    small.load(Load([order(7)], watermark=FIRST_WATERMARK + timedelta(days=9)))  # brings in what had no news
    small.build()
    incremental = small.tables()

    small.build(full=True)

    assert incremental == small.tables()
