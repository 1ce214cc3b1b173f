"""No build lasts longer than its rows: large tables are joined by whole keys, however DuckDB was told of their rows."""

from __future__ import annotations

import json
import random
import re
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.commands.explain.published import read_published
from pipelines.sandbox.payload import CANCELED, READ, REFUNDED
from tests.benchmarks.many_products import STATES, many_products
from tests.support.landing_file import Load
from tests.support.plans import LARGE, Plans, watched
from tests.support.warehouse import Warehouse
from transforms.readers.docs.sql_files import read_samples
from transforms.readers.published import open_published
from transforms.readers.report import write_report
from transforms.runner.build import BuildReport, Rules, build
from transforms.runner.models import sql_folder
from transforms.runner.project import load_project
from transforms.runner.publish import publish
from transforms.runner.session import create_macros

pytestmark = pytest.mark.long

ORDERS, PRODUCTS, CUSTOMERS = 4_000, 1_500, 2_000
END = datetime(2026, 11, 1, tzinfo=UTC)
STATE = re.compile(r'"state":(\d+),"customer"')

# As long as a shop has codes, channels, days, months or crawls, however much it sells; or empty in this shop.
SMALL = {
    "core.dim_channel",
    "core.dim_date",
    "core.dim_order_state",
    "core.dim_payment_method",
    "core.dim_shipping_service",
    "core.dim_tax_rate",
    "core.dim_user",
    "core.tax_rate_periods",
    "ops.dim_year",
    "ops.fct_absences",
    "ops.fct_crawl_status",
    "ops.fct_daily_sales",
    "ops.fct_loads",
    "ops.fct_receipt_blocks",
    "ops.fct_reconciliations",
    "marts.basket_affinity",
    "marts.cohorts",
    "marts.data_quality",
    "marts.discounts",
    "marts.freshness",
    "marts.fulfilment",
    "marts.open_orders",
    "ops.receipt_circles",
    "marts.reconciliation",
    "marts.restatements",
    "marts.sales_by_day",
    "marts.vat_by_month",
    "marts.vat_return",
    "ops.walk_in_sales",
}

# What the later loads of this test give no reason to look at.
UNTOUCHED = {
    "checks.affinities_are_possible",
    "checks.the_calendar_has_no_gap",
    "core.dim_date",
    "core.dim_holiday",
    "core.dim_order_state",
    "core.tax_rate_periods",
    "marts.reconciliation",
}


@dataclass(frozen=True)
class Watched:
    """A build, and what its statements did."""

    report: BuildReport
    plans: Plans


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A shop of many products whose first orders were read, and nothing built yet."""
    warehouse = Warehouse(tmp_path_factory.mktemp("shop"))
    warehouse.append(Load(_orders()))
    return warehouse


@pytest.fixture(scope="module")
def builds(warehouse: Warehouse) -> dict[str, Watched]:
    """A build into a new file, and one that brings it up to date: every second order is another, some are new."""
    fresh = _build(warehouse)
    dice = random.Random(2)
    later = [_changed(order, dice.choice((READ, REFUNDED, CANCELED))) for order in _orders()[::2]]
    warehouse.append(Load([*later, *_orders(ORDERS + ORDERS // 10)[ORDERS:]]))
    return {"fresh": fresh, "later": _build(warehouse)}


def _orders(count: int = ORDERS) -> list[str]:
    return [made.payload for made in many_products(count, end=END, products=PRODUCTS, customers=CUSTOMERS)]


def _changed(payload: str, bit: int) -> str:
    return STATE.sub(lambda found: f'"state":{int(found[1]) ^ bit},"customer"', payload)


def _build(warehouse: Warehouse, sql_dir: Path | None = None, *, reorders: bool = False) -> Watched:
    with watched(reorders=reorders) as plans:
        report = build(warehouse.files, Rules(), on_step=plans.begin, sql_dir=sql_dir)
    return Watched(report, plans)


@pytest.mark.long
@pytest.mark.parametrize("which", ["fresh", "later"])
def test_no_build_joins_two_large_tables_by_the_account_alone(builds: dict[str, Watched], which: str) -> None:
    assert builds[which].plans.faults() == []


@pytest.mark.long
def test_every_model_and_claim_was_looked_at(builds: dict[str, Watched]) -> None:
    project = load_project(sql_folder())
    run = {model.full_name for model in project.models if model.rebuild != "view"}  # those are for readers, see below
    names = run | {f"checks.{check.name}" for check in project.checks}
    looked_at = {which: set(builds[which].report.seconds) for which in builds}

    assert builds["fresh"].report.full
    assert not builds["later"].report.full
    assert names - looked_at["fresh"] == set()
    assert names - looked_at["later"] <= UNTOUCHED


def test_the_tables_that_grow_with_a_shop_were_large(warehouse: Warehouse, builds: dict[str, Watched]) -> None:
    kept = [model.full_name for model in load_project(sql_folder()).models if not model.is_temporary]
    rows = warehouse.rows(" union all ".join(f"select '{name}', count(*) from {name}" for name in kept))

    assert {name for name, count in rows if count < LARGE} - SMALL == set()
    assert sum(join.is_of_large for join in builds["fresh"].plans.joins) > 50
    assert sum(join.is_of_large for join in builds["later"].plans.joins) > 100


@pytest.mark.long
def test_readers_join_no_two_large_tables_by_the_account_alone(
    warehouse: Warehouse, builds: dict[str, Watched]
) -> None:
    publish(warehouse.files)
    published = warehouse.files.published
    ((order_id,),) = warehouse.rows("select order_id from core.fct_orders where is_refunded limit 1")
    with watched() as plans:
        with closing(open_published(published)) as connection:
            for sample in read_samples(sql_folder()):
                plans.begin(sample.path)
                connection.execute(sample.statement).fetchall()
        plans.begin("explain")
        assert read_published(published, "default", order_id).order
        plans.begin("report")
        write_report(published, warehouse.folder / "report.html", now=END)
        plans.begin("check")
        warehouse.checks()

    assert sum(join.is_of_large for join in plans.joins) > 20
    assert plans.faults() == []


def test_a_published_file_tells_readers_how_many_keys_it_holds(
    warehouse: Warehouse, builds: dict[str, Watched]
) -> None:
    """A reader's DuckDB chooses the order itself; after a build that changed the tables, it still knows enough."""
    publish(warehouse.files)
    project = load_project(sql_folder())
    affinity = next(model for model in project.models if model.full_name == "marts.basket_affinity")
    with watched() as plans, closing(open_published(warehouse.files.published)) as connection:
        create_macros(connection, project.macros)
        connection.execute(affinity.sql).fetchall()

    assert sum(join.kind.startswith("INNER") for join in plans.joins) >= 4
    assert plans.faults() == []


def test_the_shop_of_many_products_is_as_mixed_as_it_says() -> None:
    made = list(many_products(4_000, end=END))
    lines = [line for order in made for line in json.loads(order.payload)["basket"]["items"]]
    days = [(END - order.completed).days for order in made]

    assert len(lines) == pytest.approx(3.5 * len(made), rel=0.02)
    assert sum(line["discount"] is not None for line in lines) == len(lines) // 10 + 1
    assert len({line["product"] for line in lines}) > 9_000
    assert {order.state for order in made} == set(STATES)
    assert (min(days), max(days)) == (0, 69)


@pytest.mark.long
def test_a_join_by_the_account_alone_is_found(warehouse: Warehouse, builds: dict[str, Watched], tmp_path: Path) -> None:
    sql = shutil.copytree(sql_folder(), tmp_path / "sql")
    _plant(sql / "checks" / "planted_claim.sql", "-- severity: fail", NO_KEY.format("one.account = other.account"))
    other_day = "one.account = other.account and one.business_date <> other.business_date"
    _plant(sql / "checks" / "planted_warning.sql", "-- severity: warn", NO_KEY.format(other_day))
    _plant(sql / "marts" / "planted.sql", "-- rebuild: full", NO_KEY.format("true"))
    (sql / "marts" / "planted.yml").write_text(PLANTED_YML)

    faults = _build(warehouse, sql).plans.faults()

    assert {join.step for join in faults} == {"checks.planted_claim", "checks.planted_warning", "marts.planted"}


@pytest.mark.long
def test_where_duckdb_chooses_the_order_of_joins_a_build_is_found_out(
    warehouse: Warehouse, builds: dict[str, Watched], tmp_path: Path
) -> None:
    """What a build did before joins were made as they are written: so many rows that it never ended."""
    twin = Warehouse(tmp_path)
    twin.files.work.mkdir()
    shutil.copy(warehouse.files.landing, twin.files.landing)

    plans = _build(twin, reorders=True).plans

    assert "marts.basket_affinity" in {join.step for join in plans.faults() if join.lacks_a_key}


def _plant(path: Path, head: str, statement: str) -> None:
    path.write_text(f"{head}\n-- grain: one row\n-- key: account\n{statement}")


NO_KEY = """
with orders as (
    select
        account,
        order_id,
        business_date
    from core.fct_orders
    order by order_id
    limit 1000
)

select
    one.account,
    max(one.order_id) as order_id,
    'found' as detail,
    null as amount
from orders as one
inner join orders as other on {}
group by one.account
having count(*) < 0
"""

PLANTED_YML = """
name: planted
description: Joined without a key.
columns:
  - {name: account, type: varchar, description: Account.}
  - {name: order_id, type: bigint, description: Order.}
  - {name: detail, type: varchar, description: What was found.}
  - {name: amount, type: integer, description: Nothing.}
"""
