"""Files of the home that are links to another disk are followed, never replaced."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import run
from pipelines.errors import HomeError
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings
from tests.conftest import Rows, Sync
from tests.home.test_files_that_others_write import FORGED, SUM, dies_after, sell


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A folder elsewhere: on another file system, if this machine has one that can be written."""
    shared = Path("/dev/shm")
    elsewhere = os.access(shared, os.W_OK) and shared.stat().st_dev != tmp_path.stat().st_dev
    with tempfile.TemporaryDirectory(dir=shared if elsewhere else tmp_path) as name:
        yield Path(name)


def move(path: Path, disk: Path) -> Path:
    """Move a file to the disk and leave a link."""
    target = disk / path.name
    shutil.move(path, target)
    path.symlink_to(target)
    return target


@pytest.mark.long
@pytest.mark.parametrize("name", ["warehouse.duckdb", "landing.duckdb", "work/build.duckdb", "report.html"])
def test_a_file_that_is_a_link_stays_one_and_the_disk_gets_what_is_written(
    shop: Shop, home: Path, settings: Settings, sync: Sync, rows: Rows, disk: Path, name: str
) -> None:
    run.write_page(settings)
    target = move(settings.files.home / name, disk)
    before = target.read_bytes()
    sell(shop, 3)

    assert sync().orders_new == 1
    if name == "work/build.duckdb":
        run.build(settings, full=True)
    run.write_page(settings)

    assert (settings.files.home / name).is_symlink()
    assert target.read_bytes() != before
    assert [path.name for path in disk.iterdir()] == [target.name]
    assert rows(SUM) == [(2, "13.98")]


@pytest.mark.long
@pytest.mark.parametrize("name", ["warehouse.duckdb", "landing.duckdb"])
def test_a_link_to_a_file_that_is_yet_to_be_made_is_followed(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows, disk: Path, name: str
) -> None:
    settings.files.home.mkdir()
    (settings.files.home / name).symlink_to(disk / "mine.duckdb")
    sell(shop, 2)

    sync()

    assert (settings.files.home / name).is_symlink()
    assert (disk / "mine.duckdb").is_file()
    assert rows(SUM) == [(1, "6.99")]


@pytest.mark.long
def test_a_log_beside_the_file_that_a_link_names_is_not_replayed(
    home: Path, settings: Settings, sync: Sync, rows: Rows, disk: Path
) -> None:
    target = move(settings.files.warehouse, disk)
    dies_after(target, FORGED)

    assert sync().published
    assert rows(SUM) == [(1, "6.99")]
    assert [path.name for path in disk.iterdir()] == ["warehouse.duckdb"]


def test_a_disk_that_is_not_mounted_is_named_and_nothing_is_read_anew(
    home: Path, settings: Settings, sync: Sync, disk: Path, rows: Rows
) -> None:
    target = move(settings.files.landing, disk)
    target.rename(target.with_name("away"))

    with pytest.raises(HomeError, match="Mount the disk"):
        sync()

    target.with_name("away").rename(target)
    assert sync().orders_new == 0
    assert rows(SUM) == [(1, "6.99")]


def test_a_published_file_on_a_folder_that_is_gone_is_named(shop: Shop, settings: Settings, sync: Sync) -> None:
    settings.files.home.mkdir()
    settings.files.warehouse.symlink_to(settings.files.home.parent / "unmounted" / "warehouse.duckdb")
    sell(shop, 2)

    with pytest.raises(HomeError, match="unmounted"):
        sync()


@pytest.mark.long
def test_a_home_that_is_a_link_is_followed(shop: Shop, settings: Settings, disk: Path) -> None:
    link = settings.files.home
    link.symlink_to(disk / "home")
    with pytest.raises(HomeError, match="where nothing is"):
        run.sync(settings)

    (disk / "home").mkdir()
    sell(shop, 2)
    assert run.sync(replace(settings, files=Files(link))).published
    assert link.is_symlink()
    assert (disk / "home" / "warehouse.duckdb").is_file()
