"""What a life is asked would notice a home that is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from tests.lives.agreement import disagreements
from tests.lives.apart import apart, fork, program
from tests.lives.claims import files_of, speaking, spoken_of
from tests.lives.disk import with_free_space
from tests.lives.ending import (
    differing_tables,
    figures_not_as_recomputed,
    orders_not_as_shown,
    undocumented,
    was_built_in_full,
)
from tests.lives.home_events import EarlierRelease, rows_of
from tests.lives.life import Life, Opening, begin
from tests.lives.neighbour import Neighbour
from transforms.runner.build import Rules
from transforms.runner.models import sql_folder
from transforms.runner.project import load_project

pytestmark = pytest.mark.long  # what only lives ask, which are no part of a newcomer's run

Tampered = Callable[..., Life]


@pytest.fixture(scope="module")
def well() -> Iterator[Life]:
    """A home after a good run."""
    from tempfile import mkdtemp

    folder = Path(mkdtemp(prefix="life-"))
    life = begin(folder, Opening(orders=3), Neighbour())
    life.inventorum("sync")
    yield life
    life.sandbox.stop()
    shutil.rmtree(folder)


@pytest.fixture
def tampered(well: Life, request: pytest.FixtureRequest) -> Tampered:
    """A copy of that home in which somebody changed a table of one of its files."""

    def tamper(file: str, statement: str) -> Life:
        life = well.copy(str(abs(hash(request.node.name))))
        path = life.files.home / file

        def change() -> None:
            with closing(duckdb.connect(str(path))) as connection:
                connection.execute(statement)

        apart(change)
        return life

    return tamper


def shown_of(life: Life) -> dict[int, str]:
    return {key: order.payload.decode() for key, order in life.shop.orders.items()}


def asked(life: Life, question: Callable[..., object]) -> list[str]:
    """What `orders_not_as_shown` or `figures_not_as_recomputed` say of a home."""
    from tests.lives.ending import _attached

    def ask() -> list[str]:
        with closing(_attached(landing=life.files.landing, published=life.files.warehouse)) as connection:
            if question is orders_not_as_shown:
                return list(orders_not_as_shown(connection, shown_of(life), set(life.shop.orders), "default"))
            return list(figures_not_as_recomputed(connection, "Europe/Berlin", 0))

    return apart(ask)


def test_a_home_after_a_good_run_is_well(well: Life) -> None:
    assert apart(lambda: disagreements(well.files.warehouse)) == []
    assert asked(well, orders_not_as_shown) == []
    assert asked(well, figures_not_as_recomputed) == []
    assert undocumented(well.files.home) == []
    assert apart(lambda: differing_tables(well.files.build, well.files.warehouse)) == {}


@pytest.mark.parametrize(
    "statement",
    [
        "insert into core.fct_orders from core.fct_orders limit 1",
        "update marts.sales_by_day set gross_amount = gross_amount + 0.01",
        "update core.fct_payments set payment_amount = payment_amount - 0.01",
        "delete from core.fct_order_items",
    ],
)
def test_tables_that_disagree_are_noticed(tampered: Tampered, statement: str) -> None:
    life = tampered("warehouse.duckdb", statement)

    assert apart(lambda: disagreements(life.files.warehouse))


def test_a_lost_order_is_noticed(tampered: Tampered) -> None:
    statement = "delete from core.fct_orders where order_id = (select min(order_id) from core.fct_orders)"
    life = tampered("warehouse.duckdb", statement)

    assert asked(life, orders_not_as_shown) == [f"order {min(life.shop.orders)} is not in the warehouse"]


def test_an_older_version_is_noticed(tampered: Tampered) -> None:
    life = tampered("landing.duckdb", """update raw.orders set payload = replace(payload, '"1.00"', '"2.00"')""")

    assert len(asked(life, orders_not_as_shown)) == len(life.shop.orders)
    assert asked(life, figures_not_as_recomputed)


def test_a_cent_that_is_wrong_is_noticed(tampered: Tampered) -> None:
    life = tampered("warehouse.duckdb", "update marts.vat_by_month set net_amount = net_amount + 0.01")

    (found,) = asked(life, figures_not_as_recomputed)
    assert found.startswith("vat_by_month")


def test_a_table_that_a_full_build_would_make_otherwise_is_noticed(tampered: Tampered, well: Life) -> None:
    life = tampered("work/build.duckdb", "update core.dim_product set last_sold_date = null")

    assert list(apart(lambda: differing_tables(life.files.build, well.files.build))) == ["core.dim_product"]


def test_the_last_build_is_known_to_be_full_or_not(well: Life) -> None:
    life = well.copy("built")
    assert apart(lambda: was_built_in_full(life.files.build))

    life.shop.sell("ipad", [("Wobbler", "1.00", 1)])
    life.inventorum("sync")
    assert not apart(lambda: was_built_in_full(life.files.build))

    life.inventorum("build", "--full")
    life.inventorum("sync")  # nothing new
    assert apart(lambda: was_built_in_full(life.files.build))


def test_a_home_of_an_earlier_release_is_as_that_release_made_it(well: Life) -> None:
    life = well.copy("earlier")
    EarlierRelease().happen(life)

    quarantine = "select column_name from duckdb_columns() where table_name = 'quarantine' and not is_nullable"
    assert ("_dlt_id",) in apart(lambda: rows_of(life.files.landing, quarantine))
    assert apart(lambda: rows_of(life.files.landing, "select count(distinct order_id) from raw.orders")) == [(4,)]


def test_what_is_left_behind_is_noticed(well: Life) -> None:
    life = well.copy("left")
    (life.files.home / "warehouse.duckdb.wal").touch()
    (life.files.work / "spool").mkdir()

    assert undocumented(life.files.home) == ["warehouse.duckdb.wal", "work/spool"]


def test_the_disk_of_a_life_runs_really_full(well: Life) -> None:
    life = well.copy("small")
    place = life.folder / "disk"
    write = f"open({str(life.files.home / 'large')!r}, 'wb').write(bytes(10**6))"

    def body() -> int:
        exec(write)
        return 0

    outcome = with_free_space(life.files.home, 100_000, body, place)
    if outcome.code == 0:
        pytest.skip("this process may not mount a disk, not even for itself")
    assert "No space left on device" in outcome.err
    assert with_free_space(life.files.home, 2_000_000, body, place).code == 0
    assert (life.files.home / "large").stat().st_size == 10**6


def test_a_program_in_a_fork_ends_as_it_does_alone(well: Life) -> None:
    environment = {"INVENTORUM_HOME": str(well.files.home)}

    assert fork(program(["query", "select count(*) as orders from core.fct_orders", "--json"], environment)).code == 0
    refused = fork(program(["query", "select nonsense", "--json"], environment))
    assert refused.code != 0
    assert "nonsense" in refused.err + refused.out


def test_a_claim_speaks_about_what_it_compares(well: Life) -> None:
    found = apart(lambda: spoken_of(files_of(well.files.home), Rules()))
    claims = [check for check in load_project(sql_folder()).checks if check.severity == "fail"]

    assert found.keys() == {check.name for check in claims}
    assert found["fct_orders_has_a_unique_key"] == 3
    assert found["fct_shipments_has_a_unique_key"] == found["refunds_equals_fct_daily_sales"] == 0
    for check in claims:
        assert speaking(check.name, check.sql) != check.sql
