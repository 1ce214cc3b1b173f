"""A connection that lives long follows publishing: nothing stale, nothing mixed, nothing left open."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import pipelines
from tests import ROOT
from tests.support.small_project import SmallWarehouse, order
from transforms.errors import TransformError
from transforms.readers.following import Following

PUBLICATIONS = int(os.environ.get("INVENTORUM_PUBLICATIONS", "5"))
READS = int(os.environ.get("INVENTORUM_READS", "20"))  # after each publication

AGREE = """
select
    (select count(*) from core.fct_orders), (select sum(order_count) from marts.sales),
    (select sum(amount)::bigint from core.fct_orders), (select sum(amount)::bigint from marts.sales)
"""


def publish_one_more(small: SmallWarehouse, number: int) -> None:
    small.load([order(number, "10.00")])
    small.build()
    small.publish()


def descriptors() -> int:
    """How many database files this process holds open."""
    links = (path for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return sum(".duckdb" in str(path.readlink()) for path in links)


def test_reads_across_publications_are_never_stale_and_never_mixed(small: SmallWarehouse) -> None:
    publish_one_more(small, 1)
    held = descriptors()
    with Following(small.files.published) as warehouse:
        before = descriptors()
        for number in range(2, PUBLICATIONS + 2):
            publish_one_more(small, number)
            for read in range(READS):
                ask = warehouse.execute if read % 2 else warehouse.sql
                assert ask(AGREE).fetchall() == [(number, number, number * 10, number * 10)]
        assert descriptors() == before
    assert descriptors() == held


def test_another_connection_of_the_process_does_not_hold_it_back(small: SmallWarehouse) -> None:
    publish_one_more(small, 1)
    with duckdb.connect(str(small.files.published), read_only=True), Following(small.files.published) as warehouse:
        publish_one_more(small, 2)
        assert warehouse.execute("select count(*) from core.fct_orders").fetchall() == [(2,)]


def test_what_was_fetched_before_stays_and_a_half_read_result_breaks_nothing(small: SmallWarehouse) -> None:
    publish_one_more(small, 1)
    with Following(small.files.published) as warehouse:
        fetched = warehouse.sql("select order_id from core.fct_orders").fetchall()
        relation = warehouse.table("core.fct_orders")
        warehouse.execute("select * from core.fct_orders, range(100000)").fetchmany(3)
        publish_one_more(small, 2)

        assert warehouse.execute("select count(*) from core.fct_orders").fetchall() == [(2,)]
        assert fetched == [(1,)]
        assert len(relation.fetchall()) == 2


def test_tables_of_ones_own_stay_and_the_warehouse_cannot_be_written(small: SmallWarehouse) -> None:
    publish_one_more(small, 1)
    with Following(small.files.published) as warehouse:
        warehouse.execute("create temp table mine as select 1 as one")
        publish_one_more(small, 2)

        assert warehouse.execute("from mine").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            warehouse.execute("delete from core.fct_orders")


def test_what_is_not_published_is_said_so(small: SmallWarehouse) -> None:
    with pytest.raises(TransformError, match="nothing was published there yet"):
        Following(small.files.published)
    duckdb.connect(str(small.files.published)).close()
    with pytest.raises(TransformError, match="no warehouse of this program"):
        Following(small.files.published)


def test_a_file_that_was_moved_away_is_read_on(small: SmallWarehouse) -> None:
    publish_one_more(small, 1)
    with Following(small.files.published) as warehouse:
        small.files.published.rename(small.home / "away")
        assert warehouse.execute("select count(*) from core.fct_orders").fetchall() == [(1,)]


def test_connect_finds_the_home_and_shows_times_in_the_zone_that_it_is_given(
    small: SmallWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_one_more(small, 1)
    shown = "select valid_from::varchar from fct_order_versions"  # its name is enough
    with pipelines.connect(small.home, "Europe/Berlin") as warehouse:
        assert warehouse.execute(shown).fetchall() == [("2026-11-01 07:00:00+01",)]
    monkeypatch.setenv("INVENTORUM_HOME", str(small.home))
    with pipelines.connect() as warehouse:
        assert warehouse.execute(shown).fetchall() == [("2026-11-01 06:00:00+00",)]


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = "import sys, pipelines; print([n for n in ('duckdb', 'dlt', 'pyarrow', 'typing') if n in sys.modules])"
    ran = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() in ("[]", "['typing']")
