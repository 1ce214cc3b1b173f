"""Checks: what breaks a claim stops the build or is counted, and is told with a sample."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.landing_file import Load
from tests.support.small_project import order
from transforms.errors import ChecksFailed, TransformError
from transforms.runner import loads as staging
from transforms.runner.build import Rules
from transforms.runner.check import run_checks

REFUSES_50 = """
    -- severity: fail
    -- scope: {scope}
    -- harm: Fifty is too much.
    select account, order_id, amount from core.fct_orders where amount >= 50
    """


def found(results):
    """What the checks found that have a file; those of keys are made from heads."""
    return {result.name: result.failing_rows for result in results if result.path.startswith("checks/")}


@pytest.mark.cases(1)
@pytest.mark.parametrize("scope", ["batch", "build"])
@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full"])
def test_a_broken_claim_stops_the_build(small, scope, full):
    small.change(checks__amounts_are_small_sql=REFUSES_50.format(scope=scope))
    small.load([order(1)])
    small.build()
    small.publish()
    before = small.tables()
    small.load([order(2, "50.00"), order(3, "60.00")])

    with pytest.raises(ChecksFailed) as caught:
        small.build(full=full, run_id="bad")

    assert caught.value.exit_code == 3
    message = str(caught.value)
    assert "amounts_are_small: 2 rows break it (sql/checks/amounts_are_small.sql). Fifty is too much." in message
    assert "order_id 2, amount 50.00" in message
    assert [failure.name for failure in caught.value.failures] == ["amounts_are_small"]
    assert small.tables() == before
    assert small.rows(
        "select check_name, severity, failing_rows, amount from ops.checks where run_id = 'bad' and failing_rows > 0"
    ) == [("amounts_are_small", "fail", 2, Decimal("110.00"))]


def test_a_claim_about_a_batch_sees_the_tables_as_they_are_kept(small):
    counts = "count(*) || ' orders' as detail, cast(0 as decimal(18, 2)) as amount from core.fct_orders"
    select = f"select 'default' as account, max(order_id) as order_id, {counts}"
    small.change(checks__orders_are_counted_sql=f"-- severity: warn\n-- scope: batch\n{select}")
    small.load([order(1)])
    small.build()
    small.load([order(2)])

    small.build()

    query = "select detail from ops.fct_findings where check_name = 'orders_are_counted' and order_id = 2"
    assert small.rows(query) == [("2 orders",)]


def test_a_temporary_table_of_a_batch_sees_the_tables_as_they_are_kept(small):
    small.change(
        core__counts_sql="-- rebuild: temporary\nselect count(*) as order_count "
        "from core.fct_orders where (select count(*) from staging.batch_orders) > 0",
        checks__orders_are_counted_sql="-- severity: warn\n-- scope: batch\n"
        "select account, order_id, order_count || ' orders' as detail, cast(0 as decimal(18, 2)) as amount "
        "from staging.batch_orders, core.counts",
    )
    small.load([order(1)])
    small.build()
    small.load([order(2)])

    small.build()

    query = "select detail from ops.fct_findings where check_name = 'orders_are_counted' and order_id = 2"
    assert small.rows(query) == [("2 orders",)]


def test_what_is_stored_of_a_batch_is_what_the_table_holds_of_its_orders(small, monkeypatch):
    small.change(
        checks__orders_are_seen_sql="-- severity: warn\n-- scope: batch\n"
        "select account, order_id, 'seen' as detail, amount from stored.fct_orders",
    )
    monkeypatch.setattr(staging, "BATCH_ORDERS", 2)
    small.load([order(1, "1.00"), order(2, "2.00"), order(3, "3.00")])
    first = small.build()
    small.load([order(2, "5.00")])
    second = small.build()

    seen = [
        [check.failing_rows for check in report.checks if check.name == "orders_are_seen"] for report in (first, second)
    ]
    assert seen == [[3], [1]]
    assert small.rows("select order_id, amount from ops.fct_findings order by all") == [
        (1, Decimal("1.00")),
        (2, Decimal("5.00")),
        (3, Decimal("3.00")),
    ]


def test_every_broken_claim_is_told_at_once(small):
    small.change(
        checks__amounts_are_small_sql=REFUSES_50.format(scope="build"),
        checks__few_orders_sql="-- severity: fail\nselect count(*) as orders from core.fct_orders having count(*) > 1",
    )
    small.load([order(1), order(2, "50.00")])

    with pytest.raises(ChecksFailed, match="2 checks failed") as caught:
        small.build()

    assert "few_orders: 1 row breaks it (sql/checks/few_orders.sql)." in str(caught.value)


def test_a_build_that_was_stopped_can_be_repeated_when_the_data_is_right(small):
    small.change(checks__amounts_are_small_sql=REFUSES_50.format(scope="build"))
    small.load([order(1)])
    small.build()
    small.load([order(2, "50.00")])
    with pytest.raises(ChecksFailed):
        small.build()
    small.load([order(2, "5.00")])

    report = small.build()

    assert len(report.loads) == 2
    assert small.rows("select amount from core.fct_orders where order_id = 2") == [(Decimal("5.00"),)]


def test_a_warning_is_counted_and_keeps_nothing_from_being_published(small):
    small.load([order(1, "-4.00"), order(2, channel="ebay")])

    report = small.build(run_id="one")

    assert found(report.checks) == {
        "amounts_are_positive": 1,
        "channels_are_known": 1,
        "each_order_stands_once": 0,
        "days_equal_orders": 0,
    }
    assert small.rows("from ops.fct_findings order by all") == [
        ("amounts_are_positive", "default", 1, "amount -4.00", Decimal("-4.00")),
        ("channels_are_known", "default", 2, "channel ebay", Decimal("10.00")),
    ]
    assert small.rows("select check_name, finding_count from marts.odd order by all") == [
        ("amounts_are_positive", 1),
        ("channels_are_known", 1),
    ]
    assert small.rows("select sample from ops.checks where check_name = 'channels_are_known'") == [
        ("account default, order_id 2, detail channel ebay, amount 10.00",)
    ]


def test_a_warning_ends_when_its_order_is_mended(small):
    small.load([order(1, "-4.00"), order(2, "-5.00"), order(3, channel="ebay")])
    small.build()
    small.load([order(1, "4.00"), order(3, channel="ipad")])

    report = small.build()

    assert found(report.checks)["amounts_are_positive"] == 0  # of the orders that this build touched
    assert small.rows("select order_id, detail from ops.fct_findings") == [(2, "amount -5.00")]
    assert small.rows("select check_name, finding_count from marts.odd") == [("amounts_are_positive", 1)]


def test_findings_of_several_batches_add_up(small, monkeypatch):
    monkeypatch.setattr(staging, "BATCH_ORDERS", 2)
    small.load([order(n, f"-{n}.00") for n in range(1, 6)])

    report = small.build()

    result = next(check for check in report.checks if check.name == "amounts_are_positive")
    assert (result.failing_rows, result.amount) == (5, Decimal("-15.00"))
    assert small.rows("select count(*) from ops.fct_findings") == [(5,)]


def test_run_checks_looks_at_the_whole_warehouse_and_changes_nothing(small):
    small.load([order(1, "-4.00")], [order(2, "-5.00"), order(3, channel="ebay")])
    small.build()
    before = small.files.build.read_bytes()

    results = run_checks(small.files, Rules(), sql_dir=small.sql)

    assert found(results) == {
        "amounts_are_positive": 2,
        "channels_are_known": 1,
        "each_order_stands_once": 0,
        "days_equal_orders": 0,
    }
    assert small.files.build.read_bytes() == before


def test_run_checks_finds_what_someone_changed_by_hand(small):
    import duckdb

    small.load([order(1)])
    small.build()
    with duckdb.connect(small.files.build) as tampered:
        tampered.execute("update marts.sales set amount = amount + 1")

    assert found(run_checks(small.files, Rules(), sql_dir=small.sql))["days_equal_orders"] == 1


def test_run_checks_leaves_out_loads_that_were_not_built_in(small):
    small.change(
        checks__orders_equal_staging_sql="""
        -- severity: fail
        -- scope: batch
        select account, order_id from staging.stg_orders
        except
        select account, order_id from core.fct_orders
        """
    )
    small.load([order(1)])
    small.build()
    small.load(Load([order(1, "2.00"), order(2)]))

    assert found(run_checks(small.files, Rules(), sql_dir=small.sql))["orders_equal_staging"] == 0


def test_run_checks_needs_a_build(small):
    with pytest.raises(TransformError, match="nothing was built yet"):
        run_checks(small.files, Rules(), sql_dir=small.sql)


def test_a_check_over_the_ledger_runs_when_no_order_changed(small):
    small.change(
        checks__loads_have_orders_sql="""
        -- severity: warn
        -- scope: build
        select cast(null as varchar) as account, cast(null as bigint) as order_id,
            'load ' || load_id as detail, cast(null as decimal(18, 2)) as amount
        from ops.loads where order_rows = 0
        """
    )
    small.load([order(1)])
    small.build()
    small.load(Load([], windows=[{"channel": "ipad", "status": "failed"}]))

    report = small.build()

    assert found(report.checks) == {"loads_have_orders": 1}
    assert small.rows("select order_id, amount from ops.fct_findings") == [(None, None)]
