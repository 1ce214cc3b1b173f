"""Both engines make the same tables of the same loads. Takes minutes: `just parity`."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines.landing.raw_files import export_raw
from pipelines.settings import Files
from tests.support import parity_shop
from tests.support.parity import Compared, compared
from tests.support.warehouse import Warehouse

pytestmark = [
    pytest.mark.skipif("INVENTORUM_PARITY" not in os.environ, reason="takes minutes: `just parity`"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]


def as_dlt_names_it(raw: Path, lake: Path) -> None:
    """The same rows as dlt's filesystem destination has them by default, the last first.

    A file for each load, called after it; no column that says so. So nothing can follow from the order of rows.
    """
    with closing(duckdb.connect()) as connection:
        for folder in (path for path in raw.iterdir() if path.name != "_dlt_loads"):
            (lake / folder.name).mkdir(parents=True)
            rows = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = false)"
            for (load,) in connection.execute(f"select distinct _dlt_load_id from {rows}").fetchall():
                of_load = f"from {rows} where _dlt_load_id = '{load}' order by all desc"
                file = lake / folder.name / f"{load}.9c32cf1c4f.parquet"
                connection.execute(f"copy (select * exclude (_dlt_load_id) {of_load}) to '{file}'")
        (lake / "_dlt_loads").mkdir()
        loads = f"read_parquet('{raw}/_dlt_loads/*.parquet')"
        connection.execute(f"copy (from {loads}) to '{lake}/_dlt_loads/shop__1.jsonl' (format json)")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    pytest.importorskip("pyspark", reason="the extra `spark`")
    from transforms.spark.build import build

    folder = tmp_path_factory.mktemp("parity")
    warehouse = Warehouse(folder)
    built = warehouse.load(*parity_shop.loads(), full=True)
    export_raw(Files(folder), folder / "raw")
    as_dlt_names_it(folder / "raw", folder / "lake")
    report = build(folder / "lake", folder / "out", warehouse.rules, master="local[2]")
    assert {one.name for one in report.checks} == {one.name for one in built.checks}
    return compared(warehouse.files.build, folder / "out" / "current")


def test_every_table_holds_the_same_rows_on_both_engines(both: Compared) -> None:
    found = both.differences(without={"account": "otherwise"}, and_without=parity_shop.SHAPES)

    assert len(both.rows) > 60
    assert both.rows["core.fct_orders"] > 3000
    assert "\n".join(map(str, found)) == ""


def test_columns_have_the_same_types_but_for_the_widths_of_sums(both: Compared) -> None:
    assert both.types() == []


def test_what_is_read_otherwise_is_what_the_list_says(both: Compared) -> None:
    assert both.orders_that_differ("otherwise") == set(parity_shop.OTHERWISE)
