"""Each sample query runs on a shop's warehouse, says its question in two languages, and has an answer."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from tests.support.landing_file import Load
from tests.support.random_shop import random_loads
from tests.support.warehouse import Warehouse, item, order
from transforms.readers.docs.sql_files import SqlFile, read_samples
from transforms.runner.models import sql_folder

SAMPLES = read_samples(sql_folder())


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A random shop, a parcel that waits for two days, and a customer who stayed away."""
    warehouse = Warehouse(tmp_path_factory.mktemp("shop"))
    loads = random_loads(31, orders=200, loads=3)
    at = loads[-1].watermark
    parcel = order(1, "2026-10-30T10:00:00Z", [item("1.00")], channel="shop", shipping="4.90", state=256)
    waiting = order(2, "2026-10-30T10:00:00Z", [item("1.00")], channel="shop", shipping="4.90", state=256, number="7")
    visits = [
        order(10 + year, f"202{year}-05-04T10:00:00Z", [item("60.00", product=700)], customer=399) for year in range(4)
    ]
    pairs = [item("1.00", product=501), item("1.00", product=502)]
    baskets = [order(20 + number, "2026-10-30T10:00:00Z", pairs, number="9") for number in range(6)]
    holiday = order(30, "2026-10-03T10:00:00Z", [item("1.00")])
    loads.append(Load([parcel, waiting, *visits, *baskets, holiday], watermark=at + timedelta(days=1)))
    later = order(31, "2026-11-01T10:00:00Z", [item("1.00")])
    loads.append(Load([parcel | {"state": 256 | 32}, later], watermark=at + timedelta(days=9)))
    warehouse.load(*loads)
    return warehouse


@pytest.mark.parametrize("sample", [pytest.param(sample, id=Path(sample.path).stem) for sample in SAMPLES])
def test_a_sample_answers_its_question(warehouse: Warehouse, sample: SqlFile) -> None:
    with closing(duckdb.connect(str(warehouse.files.build), read_only=True)) as connection:
        columns = connection.execute(f"describe {sample.statement}").fetchall()
        answer = connection.execute(sample.statement).fetchall()

    assert answer
    assert [name for name, kind, *_ in columns if "DOUBLE" in kind or "FLOAT" in kind] == []
    assert sample.head["question"].endswith("?")
    assert sample.head["frage"].endswith("?")


def test_there_is_a_sample_for_each_of_a_retailers_questions() -> None:
    assert len(SAMPLES) >= 15
    assert len({sample.head["question"] for sample in SAMPLES}) == len(SAMPLES)
