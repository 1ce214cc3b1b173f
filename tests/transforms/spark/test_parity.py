"""Both engines make the same tables of the same loads. Takes minutes: `just parity`."""

from __future__ import annotations

import os
import shutil

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


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    pytest.importorskip("pyspark", reason="the extra `spark`")
    from transforms.spark.build import build

    folder = tmp_path_factory.mktemp("parity")
    warehouse = Warehouse(folder)
    built = warehouse.load(*parity_shop.loads(), full=True)
    export_raw(Files(folder), folder / "raw")
    report = build(folder / "raw", folder / "out", warehouse.rules, master="local[2]")
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
