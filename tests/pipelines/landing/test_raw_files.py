"""The landing log as Parquet: every row of completed loads, and nothing that lay there is lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import HomeError, SettingsError
from pipelines.landing.raw_files import export_raw
from pipelines.landing.schemas import LOAD_ID, TABLES
from pipelines.settings import Files
from tests.support.landing_file import Load, write_landing
from tests.support.random_shop import random_loads


def rows_of(folder: Path, table: str) -> list[tuple[Any, ...]]:
    columns = ", ".join([*TABLES[table].names, LOAD_ID])
    with closing(duckdb.connect()) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = f"read_parquet('{folder / table}/**/*.parquet', hive_partitioning = false)"
        return connection.execute(f"select {columns} from {found} order by all").fetchall()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    files = Files(tmp_path / "home")
    files.home.mkdir()
    write_landing(files.landing, [*random_loads(7, orders=40), Load([], status=9)])
    return files


def test_every_row_of_completed_loads_is_written_by_account_and_day(files: Files, tmp_path: Path) -> None:
    write_landing(files.landing, [Load([{"id": 5, "channel": "shop", "state": 360}], account="a/b = c")])
    write_landing(files.landing, [Load([{"id": 6, "channel": "shop", "state": 360}], status=9)])
    report = export_raw(files, tmp_path / "raw")

    with closing(duckdb.connect(str(files.landing), read_only=True)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table in ("orders", "windows", "quarantine", "reconciliation", "absences"):
            landed = connection.execute(
                f"select {', '.join([*TABLES[table].names, LOAD_ID])} from raw.{table} "
                f"where {LOAD_ID} in (select load_id from raw._dlt_loads where status = 0) order by all"
            ).fetchall()
            assert rows_of(tmp_path / "raw", table) == landed
            assert report.rows[table] == len(landed)
        days = connection.execute("select count(distinct (account, _read_at::date)) from raw.orders").fetchall()[0][0]
    folders = list((tmp_path / "raw" / "orders").glob("account=*/day=????-??-??"))
    assert len(folders) == days
    assert report.loads == 6


def test_a_second_export_takes_the_place_of_the_first(files: Files, tmp_path: Path) -> None:
    export_raw(files, tmp_path / "raw")
    write_landing(files.landing, [Load([{"id": 5, "channel": "shop", "state": 360}])])
    before = len(rows_of(tmp_path / "raw", "orders"))
    export_raw(files, tmp_path / "raw")

    assert len(rows_of(tmp_path / "raw", "orders")) == before + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "raw"]


def test_what_a_killed_export_has_left_is_cleared_and_nothing_is_lost(files: Files, tmp_path: Path) -> None:
    export_raw(files, tmp_path / "raw")
    rows = rows_of(tmp_path / "raw", "orders")
    (tmp_path / "raw").rename(tmp_path / ".raw.old")  # killed between the two steps in which folders are exchanged
    (tmp_path / ".raw.part" / "orders").mkdir(parents=True)
    export_raw(files, tmp_path / "raw")

    assert rows_of(tmp_path / "raw", "orders") == rows
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "raw"]


def test_a_folder_that_holds_something_else_stays_as_it_is(files: Files, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "notes.txt").write_text("mine")
    with pytest.raises(SettingsError, match=r"holds notes\.txt, which no export of `raw` has written"):
        export_raw(files, tmp_path / "raw")

    assert (tmp_path / "raw" / "notes.txt").read_text() == "mine"


def test_without_a_completed_load_nothing_is_written(tmp_path: Path) -> None:
    files = Files(tmp_path / "home")
    files.home.mkdir()
    write_landing(files.landing, [Load([{"id": 5, "channel": "shop", "state": 360}], status=1)])
    with pytest.raises(HomeError, match="holds no completed load"):
        export_raw(files, tmp_path / "raw")

    assert not (tmp_path / "raw").exists()
