"""Builds of a small project with every kind of model, on a real Spark of one process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.landing.raw_files import export_raw
from pipelines.settings import Files
from tests.support.landing_file import Load
from tests.support.parity import compared
from tests.support.small_project import SmallWarehouse, order
from transforms.errors import ChecksFailed, TransformError
from transforms.runner.session import Rules
from transforms.spark.build import SparkReport, build
from transforms.spark.session import session
from transforms.spark.translate import Untranslatable

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="the extra `spark`")
    with session("local[2]", raw_bytes=1) as made:
        yield made


@pytest.fixture
def built(small: SmallWarehouse, tmp_path: Path, spark: Any) -> Iterator[Any]:
    """Export what was loaded, and build it on Spark."""

    def run(**more: Any) -> SparkReport:
        export_raw(Files(tmp_path), tmp_path / "raw [1] {*}")
        return build(tmp_path / "raw [1] {*}", tmp_path / "ö {2}", Rules(), sql_dir=small.sql, spark=spark, **more)

    yield run
    assert not list((tmp_path / "ö {2}").glob(".v=*"))


def test_each_kind_of_model_holds_the_same_on_both_engines(small: SmallWarehouse, built: Any, tmp_path: Path) -> None:
    small.load([order(1, customer="Kim"), order(2, "-3.00", channel="x"), order(3, at="2026-10-31T23:30:00+00:00")])
    small.load([order(1, "12.00", customer="Kim", channel="shop"), order(2, "-3.00", channel="x")])
    small.load(Load([order(1, "1.00")], account="a/b = 'c': 100% ö"))
    small.build(full=True)
    steps: list[str] = []
    report = built(on_step=lambda name, done, total: steps.append(f"{name} {done <= total}"))

    both = compared(small.files.build, tmp_path / "ö {2}" / "current")
    assert both.differences(without={}) == []
    assert report.rows["core.fct_orders"] == both.rows["core.fct_orders"] == 4
    assert set(both.rows) >= {"core.dim_customer", "core.fct_crawls", "marts.odd", "ops.fct_findings"}
    assert {check.name: check.failing_rows for check in report.checks if check.failing_rows} == {
        "amounts_are_positive": 1,
        "channels_are_known": 1,
    }
    assert steps[-1] == "claims True"


def test_after_a_broken_claim_readers_find_the_version_before(
    small: SmallWarehouse, built: Any, tmp_path: Path
) -> None:
    small.load([order(1)])
    built()
    small.load([order(2)])
    small.change(
        marts__sales_sql=small.sql.joinpath("marts/sales.sql").read_text().replace("amount from", "1.5 as amount from")
    )
    with pytest.raises(ChecksFailed) as failure:
        built()

    assert "days_equal_orders: 1 row breaks it" in str(failure.value)
    assert str(failure.value).endswith(f"{tmp_path}/ö {{2}}/current stays at v=1.")
    assert "--accept" not in str(failure.value)
    assert (tmp_path / "ö {2}" / "current").readlink() == Path("v=1")


def test_a_statement_that_fails_is_told_with_its_file(small: SmallWarehouse, built: Any, tmp_path: Path) -> None:
    small.load([order(1)])
    select = "select 1 // cast('x' as integer) as channel, 'x' as label, 1 as sort_order from seeds.channels"
    small.change(core__dim_channel_sql=f"-- rebuild: full\n-- grain: one row\n-- key: channel\n{select}\n")
    with pytest.raises(TransformError, match=r"(?s)sql/core/dim_channel\.sql failed on Spark: .*holds no version yet"):
        built()


def test_a_construct_without_a_rule_stops_before_anything_runs(small: SmallWarehouse, built: Any) -> None:
    small.load([order(1)])
    small.change(
        checks__x_sql="-- severity: warn\nselect account, order_id, hash(1) as detail, amount from core.fct_orders\n"
    )
    with pytest.raises(Untranslatable, match=r"sql/checks/x\.sql uses hash\(\)"):
        built()


def test_settings_of_a_session_of_ones_own_come_back(small: SmallWarehouse, built: Any, spark: Any) -> None:
    small.load([order(1)])
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    built()

    assert spark.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    spark.conf.set("spark.sql.session.timeZone", "UTC")
