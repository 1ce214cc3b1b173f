"""A claim of severity `fail` that breaks: built once in full, accepted by hand, kept for the bug report."""

from __future__ import annotations

import json
from contextlib import closing

import duckdb
import pytest

from tests.support.small_project import SmallWarehouse, order
from transforms.errors import ChecksFailed, UnknownClaim
from transforms.runner.build import BuildReport

REFUSES_50 = """
    -- severity: fail
    -- scope: {scope}
    -- harm: Fifty is too much.
    select account, order_id, business_date, amount from core.fct_orders where amount >= 50
    """
SCOPES = pytest.mark.parametrize("scope", ["batch", "build"])


def spoil(small: SmallWarehouse, *statements: str) -> None:
    """Change the build file behind the runner's back, as a bug of incremental builds would."""
    with closing(duckdb.connect(small.files.build)) as connection:
        for statement in statements:
            connection.execute(statement)


def with_wrong_day(small: SmallWarehouse) -> None:
    """A warehouse whose day of the first order is 5.00 too high, and a load that has nothing to do with it."""
    small.load([order(1)])
    small.build()
    small.publish()
    spoil(small, "update core.fct_daily_sales set amount = amount + 5", "update marts.sales set amount = amount + 5")
    small.load([order(2, at="2026-11-02T09:00:00+00:00")])


def accepting(small: SmallWarehouse, scope: str = "build") -> BuildReport:
    """A warehouse in which a claim is broken for good, and was accepted."""
    small.change(checks__amounts_are_small_sql=REFUSES_50.format(scope=scope))
    small.load([order(1)])
    small.build()
    small.load([order(2, "50.00"), order(3, "60.00")])
    return small.build(accept=["amounts_are_small"], run_id="accepting")


def test_a_claim_that_breaks_in_an_incremental_build_is_built_in_full_within_the_same_run(small):
    with_wrong_day(small)

    report = small.build(run_id="mending")

    assert report.full
    assert report.mended == ("days_equal_orders",)
    assert report.reason == "days_equal_orders did not hold when only what is new was built in"
    assert small.rows("select order_count, cast(amount as varchar) from marts.sales order by all") == [
        (1, "10.00"),
        (1, "10.00"),
    ]
    with_files = "run_id = 'mending' and check_name not like '%_unique_key%'"
    assert small.rows(f"select failing_rows from ops.checks where {with_files}") == [(0,)] * 4
    assert small.build().loads == ()


def test_the_rows_that_broke_an_incremental_build_are_kept(small):
    with_wrong_day(small)
    small.build(run_id="mending")

    [(build, name, count, rows, orders, outcome)] = small.rows(
        "select build, check_name, failing_rows, failing, orders, outcome from ops.broken_claims"
    )
    assert (build, name, count, outcome) == ("incremental", "days_equal_orders", 1, "mended by a full build")
    assert json.loads(rows) == [{"business_date": "2026-11-01", "amount": "5.00"}]
    assert json.loads(orders) == [["default", 1]]


@pytest.mark.cases(1)
@SCOPES
def test_a_claim_that_breaks_in_the_full_build_too_is_told_with_the_two_ways_on(small, scope):
    small.change(checks__amounts_are_small_sql=REFUSES_50.format(scope=scope))
    small.load([order(1)])
    small.build()
    small.load([order(2, "50.00")])

    with pytest.raises(ChecksFailed) as caught:
        small.build(run_id="stuck")

    message = str(caught.value)
    assert "amounts_are_small: 1 row breaks it" in message
    assert "order_id 2" in message
    assert "`inventorum doctor --bundle`" in message
    assert "`inventorum build --accept amounts_are_small`" in message
    assert small.rows("select build, outcome, orders from ops.broken_claims order by build") == [
        ("full", "not published", '[["default", 2]]'),
        ("incremental", "not published", '[["default", 2]]'),
    ]
    assert small.rows("select count(*) from core.fct_orders") == [(1,)]


def test_a_first_build_that_fails_keeps_its_evidence_and_can_be_accepted(small):
    small.change(checks__amounts_are_small_sql=REFUSES_50.format(scope="build"))
    small.load([order(2, "50.00")])
    with pytest.raises(ChecksFailed):
        small.build(run_id="stuck")
    assert small.rows("select run_id, build, outcome from ops.broken_claims") == [("stuck", "full", "not published")]

    report = small.build(accept=["amounts_are_small"])

    assert report.accepted == ("amounts_are_small",)
    assert small.rows("select count(*) from core.fct_orders") == [(1,)]


@pytest.mark.cases(1)
@SCOPES
def test_an_accepted_claim_is_noted_wherever_readers_look(small, scope):
    report = accepting(small, scope)

    assert report.accepted == ("amounts_are_small",)
    assert report.changed
    assert small.rows("select check_name, run_id, failing_rows from ops.accepted_claims") == [
        ("amounts_are_small", "accepting", 2)
    ]
    assert small.rows("select failing_rows from ops.checks where run_id = 'accepting' and severity = 'fail' "
                      "and check_name = 'amounts_are_small'") == [(2,)]  # fmt: skip
    assert small.rows("select check_name, finding_count, cast(amount as varchar) from marts.odd") == [
        ("amounts_are_small", 2, "110.00")
    ]
    assert small.rows("select order_id from ops.fct_findings order by all") == [(2,), (3,)]


def test_an_accepted_claim_stays_accepted_until_it_holds_again(small):
    accepting(small)
    small.load([order(4)])
    later = small.build()
    assert (later.accepted, later.lapsed, later.full) == (("amounts_are_small",), (), True)
    assert "holds again" in str(later.reason)
    assert small.build().loads == ()  # nothing new

    small.load([order(2, "5.00"), order(3, "6.00")])
    report = small.build()

    assert (report.accepted, report.lapsed) == ((), ("amounts_are_small",))
    assert small.rows("from ops.accepted_claims") == []
    assert small.rows("from marts.odd") == []
    small.load([order(5, "50.00")])
    with pytest.raises(ChecksFailed):
        small.build()


def test_an_acceptance_survives_the_loss_of_the_build_file(small):
    accepting(small)
    small.publish()
    small.files.build.unlink()
    small.load([order(4)])

    assert small.build().accepted == ("amounts_are_small",)


def test_a_load_without_orders_is_built_in_while_a_claim_is_accepted(small):
    accepting(small)
    small.load([])

    report = small.build()

    assert not report.full
    assert small.rows("select check_name from ops.accepted_claims") == [("amounts_are_small",)]


@pytest.mark.long
def test_a_second_broken_claim_is_not_accepted_with_the_first(small):
    few = "-- severity: fail\nselect count(*) as orders from core.fct_orders having count(*) > 3"
    small.change(checks__few_orders_sql=few)
    accepting(small)
    small.load([order(4)])

    with pytest.raises(ChecksFailed) as caught:
        small.build()

    assert [failure.name for failure in caught.value.failures] == ["few_orders"]
    assert "`inventorum build --accept amounts_are_small --accept few_orders`" in str(caught.value)


def test_accepting_a_claim_that_holds_changes_nothing(small):
    small.load([order(1)])

    report = small.build(accept=["days_equal_orders"])

    assert (report.accepted, report.lapsed) == ((), ("days_equal_orders",))
    assert small.rows("from ops.accepted_claims") == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("days_equal_order", "The nearest one is days_equal_orders."), ("amounts_are_positive", "is a warning")],
)
def test_only_a_claim_that_stops_builds_can_be_accepted(small, name, words):
    small.load([order(1)])

    with pytest.raises(UnknownClaim, match=words) as caught:
        small.build(accept=[name])

    assert caught.value.exit_code == 2
    assert not small.files.build.exists()


@pytest.mark.long
def test_a_claim_about_the_findings_holds_when_a_broken_one_is_noted_there(small):
    """What tells the findings is made again after a claim was noted; claims about that come last."""
    small.change(
        checks__odd_equals_findings_sql="-- severity: fail\n-- scope: build\n"
        "select check_name, count(*) as row_count from ops.fct_findings group by check_name "
        "having count(*) <> coalesce((select finding_count from marts.odd as told "
        "where told.check_name = fct_findings.check_name), 0)"
    )

    assert accepting(small).accepted == ("amounts_are_small",)


@pytest.mark.long
def test_evidence_of_a_home_that_stands_still_does_not_grow_for_ever(small):
    small.change(checks__never_sql="-- severity: fail\nselect 1 as one")
    small.load([order(1)])
    for number in range(55):
        with pytest.raises(ChecksFailed):
            small.build(run_id=f"run {number}")

    assert small.rows("select count(*), max(run_id = 'run 54') from ops.broken_claims") == [(50, True)]
