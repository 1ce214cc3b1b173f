"""Another program writes a database of the home, or leaves its log there: readers see what was published."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from pipelines import run
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.doctor.installation import examine_installation
from pipelines.commands.status import read_status
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows, Sync
from transforms.errors import FilesHeld, TransformError
from transforms.readers.published import open_published
from transforms.runner import publish as publishing
from transforms.runner.database_file import logs_of, put_in_place, remove_database, times_written

WOBBLER = [("Wobbler", "6.99", 1)]
DIES = "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute(sys.argv[2]); os._exit(9)"
STAYS = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
held.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.read()
"""
FORGED = "update core.fct_orders set items_gross_amount = 1000000"
SUM = "select count(*), sum(items_gross_amount)::varchar from core.fct_orders"


def dies_after(path: Path, statement: str) -> None:
    """A session that commits a change and is killed: the change stands in the log beside the file."""
    subprocess.run([sys.executable, "-c", DIES, str(path), statement], check=False)
    assert logs_of(path)


@contextmanager
def writing(path: Path, statement: str) -> Iterator[int]:
    """A session that stays open for writing; gives its process."""
    command = [sys.executable, "-c", STAYS, str(path), statement]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout is not None
        assert session.stdout.readline() == "held\n"
        yield session.pid
        session.kill()


def sell(shop: Shop, day: int) -> None:
    shop.sell("ipad", items=WOBBLER, at=f"2026-11-{day:02}T10:00Z")


@pytest.mark.long
@pytest.mark.parametrize("damage", ["cut short", "emptied", "overwritten"])
@pytest.mark.parametrize("there_is_news", [True, False])
def test_a_published_file_that_was_damaged_is_published_anew(
    shop: Shop, home: Path, sync: Sync, rows: Rows, damage: str, there_is_news: bool
) -> None:
    published = home / "warehouse.duckdb"
    whole = published.read_bytes()
    published.write_bytes({"cut short": whole[: len(whole) // 3], "emptied": b"", "overwritten": b"x" * 5000}[damage])
    if there_is_news:
        sell(shop, 3)
    with pytest.raises(TransformError, match="Run `inventorum build`"):
        open_published(published)

    report = sync()

    assert (report.exit_code, report.published) == (0, True)
    assert rows("select count(*) from core.fct_orders") == [(1 + there_is_news,)]


@pytest.mark.long
@pytest.mark.parametrize("there_is_news", [True, False])
def test_a_session_that_died_on_the_published_file_changes_nothing_that_readers_see(
    shop: Shop, home: Path, sync: Sync, rows: Rows, there_is_news: bool
) -> None:
    dies_after(home / "warehouse.duckdb", FORGED)
    if there_is_news:
        sell(shop, 3)

    report = sync()

    assert (report.exit_code, report.published) == (0, True)
    assert "published anew, without those changes" in report.message
    assert not logs_of(home / "warehouse.duckdb")
    assert rows(SUM) == [(2, "13.98")] if there_is_news else [(1, "6.99")]
    assert not sync().published


@pytest.mark.long
def test_a_new_file_beside_the_log_of_an_earlier_one_is_mended_by_the_next_run(
    shop: Shop, home: Path, sync: Sync, rows: Rows, tmp_path: Path
) -> None:
    dies_after(home / "warehouse.duckdb", FORGED)
    shutil.copy(home / "warehouse.duckdb.wal", tmp_path / "log")
    sell(shop, 3)
    sync()
    shutil.copy(tmp_path / "log", home / "warehouse.duckdb.wal")  # as a publishing that left it there

    assert sync().published
    assert rows(SUM) == [(2, "13.98")]


@pytest.mark.long
def test_a_log_that_cannot_be_replayed_is_mended_even_without_the_work_folder(
    home: Path, settings: Settings, rows: Rows
) -> None:
    (home / "warehouse.duckdb.wal").write_bytes(b"neither a log nor anything else" * 100)
    shutil.rmtree(home / "work")

    assert run.build(settings).published
    assert rows(SUM) == [(1, "6.99")]
    assert sorted(path.name for path in home.iterdir()) == ["landing.duckdb", "warehouse.duckdb", "work"]


@pytest.mark.cases(1)
@pytest.mark.parametrize("work_is_there", [True, False])
def test_changes_that_another_program_wrote_into_the_published_file_do_not_stay(
    home: Path, sync: Sync, rows: Rows, work_is_there: bool
) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as analyst:
        analyst.execute(FORGED)
    if not work_is_there:
        shutil.rmtree(home / "work")
    assert rows(SUM) == [(1, "1000000.00")]

    report = sync()

    assert report.published
    assert "without those changes" in report.message
    assert report.full_build is not work_is_there
    assert rows(SUM) == [(1, "6.99")]
    assert not sync().published


def test_a_lost_work_folder_comes_back_from_an_untouched_file_without_a_full_build(home: Path, sync: Sync) -> None:
    shutil.copy(home / "warehouse.duckdb", home / "copy")  # a copy of the home that was put back
    (home / "copy").replace(home / "warehouse.duckdb")
    shutil.rmtree(home / "work")

    report = sync()

    assert (report.full_build, report.published, report.message) == (False, False, "")


@pytest.mark.cases(1)
@pytest.mark.parametrize("there_is_news", [True, False])
def test_a_session_that_still_writes_the_published_file_is_named_and_the_run_is_kept(
    shop: Shop, home: Path, sync: Sync, rows: Rows, there_is_news: bool
) -> None:
    if there_is_news:
        sell(shop, 3)
    with (
        writing(home / "warehouse.duckdb", FORGED) as process,
        pytest.raises(FilesHeld, match=f"process {process}") as refusal,
    ):
        sync()

    assert refusal.value.exit_code == 4
    assert sync().orders_new == 0
    assert rows(SUM) == [(2, "13.98")] if there_is_news else [(1, "6.99")]


@pytest.mark.long
def test_readers_of_the_published_file_do_not_keep_a_run_from_publishing(
    shop: Shop, home: Path, sync: Sync, rows: Rows
) -> None:
    sell(shop, 3)
    reads = STAYS.replace("duckdb.connect(sys.argv[1])", "duckdb.connect(sys.argv[1], read_only=True)")
    command = [sys.executable, "-c", reads, str(home / "warehouse.duckdb"), SUM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "held\n"
        assert sync().published
        reader.communicate("")
    assert rows(SUM) == [(2, "13.98")]


@pytest.mark.long
@pytest.mark.parametrize("lost", ["landing.duckdb", "warehouse.duckdb", "work/build.duckdb"])
def test_the_log_of_a_file_that_was_deleted_is_not_replayed_onto_the_next(
    home: Path, settings: Settings, sync: Sync, rows: Rows, lost: str
) -> None:
    dies_after(home / lost, "create or replace table left_over as select 1 as one")
    (home / lost).unlink()

    sync()

    assert rows(SUM) == [(1, "6.99")]
    for path in (settings.files.warehouse, settings.files.landing, settings.files.build):
        assert not logs_of(path)
        with closing(duckdb.connect(str(path), read_only=True)) as database:
            assert database.execute("from duckdb_tables() where table_name = 'left_over'").fetchall() == []


@pytest.mark.long
def test_a_full_build_puts_no_new_file_beside_an_old_log(home: Path, settings: Settings, rows: Rows) -> None:
    dies_after(settings.files.build, "create table left_over as select 1 as one")

    run.build(settings, full=True)

    assert not logs_of(settings.files.build)
    assert rows(SUM) == [(1, "6.99")]


def test_our_own_readers_refuse_what_was_never_published_and_say_how_to_mend_it(
    home: Path, settings: Settings, rows: Rows
) -> None:
    dies_after(home / "warehouse.duckdb", FORGED)

    for read in (lambda: open_published(settings.files.warehouse), lambda: read_status(settings.files)):
        with pytest.raises(TransformError, match="inventorum build") as refusal:
            read()
        assert "warehouse.duckdb.wal" in str(refusal.value)

    run.build(settings)
    assert "changed" not in read_status(settings.files).summary


def test_status_says_that_another_program_has_written_the_published_file(home: Path, settings: Settings) -> None:
    assert "changed" not in read_status(settings.files).summary
    with duckdb.connect(str(home / "warehouse.duckdb")) as analyst:
        analyst.execute(FORGED)

    assert "inventorum build" in read_status(settings.files).summary["changed"]


# -- the mechanism -----------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "a.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute("create table t as select 1 as one")
    return path


def test_a_kill_between_the_steps_never_leaves_a_new_file_beside_an_old_log(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies_after(database, "insert into t values (2)")
    draft = tmp_path / "draft"
    duckdb.connect(str(draft)).close()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))

    with pytest.raises(KeyboardInterrupt):
        put_in_place(draft, database)

    assert not logs_of(database)
    with closing(duckdb.connect(str(database))) as there:
        assert there.execute("from t").fetchall() == [(1,)]


def test_a_draft_whose_changes_stand_in_a_log_is_not_put_anywhere(database: Path, tmp_path: Path) -> None:
    dies_after(database, "insert into t values (2)")

    with pytest.raises(OSError, match="holds changes"):
        put_in_place(database, tmp_path / "b.duckdb")

    assert not (tmp_path / "b.duckdb").exists()


def test_a_file_knows_how_often_it_was_written(database: Path) -> None:
    before = times_written(database)
    duckdb.connect(str(database)).close()
    assert times_written(database) == before
    with duckdb.connect(str(database)) as there:
        there.execute("insert into t values (2)")
    assert times_written(database) == (before or 0) + 1


def test_what_is_no_database_was_never_written(tmp_path: Path) -> None:
    (tmp_path / "novel").write_text("It was a dark and stormy night. " * 500)
    assert times_written(tmp_path / "novel") is None
    assert times_written(tmp_path / "nothing") is None


def test_a_removed_database_leaves_no_log(database: Path) -> None:
    dies_after(database, "insert into t values (2)")
    remove_database(database)
    assert list(database.parent.glob("a.duckdb*")) == []


def test_a_published_file_is_sealed_whatever_was_written_before(home: Path, settings: Settings) -> None:
    with closing(duckdb.connect(str(home / "warehouse.duckdb"), read_only=True)) as published:
        assert publishing.is_as_published(published, home / "warehouse.duckdb")


def found_by_doctor(settings: Settings, topic: str) -> Finding:
    return {finding.topic: finding for finding in examine_installation(settings)}[topic]


@pytest.mark.long
def test_doctor_says_what_a_run_would_say_of_a_session_that_writes_the_published_file(
    shop: Shop, home: Path, settings: Settings, sync: Sync
) -> None:
    sell(shop, 3)
    with writing(home / "warehouse.duckdb", FORGED):
        found = found_by_doctor(settings, "warehouse")
        with pytest.raises(FilesHeld) as refused:
            sync()

    assert (found.status, found.found) == ("warn", str(refused.value))
    assert "exit code 4" in found.advice


@pytest.mark.long
@pytest.mark.parametrize("dies", [True, False], ids=["beside the file", "in the file"])
def test_doctor_says_that_another_program_has_changed_the_published_file_and_leaves_it(
    home: Path, settings: Settings, sync: Sync, dies: bool
) -> None:
    warehouse = home / "warehouse.duckdb"
    if dies:
        dies_after(warehouse, FORGED)
    else:
        with duckdb.connect(str(warehouse)) as analyst:
            analyst.execute(FORGED)
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}

    found = found_by_doctor(settings, "warehouse")
    assert (found.status, "another program" in found.found) == ("warn", True)
    assert "next run publishes it anew" in found.advice
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()} == before

    assert sync().published
    assert found_by_doctor(settings, "warehouse").status == "ok"


@pytest.mark.long
def test_doctor_names_the_log_of_a_landing_log_that_is_gone(home: Path, settings: Settings, sync: Sync) -> None:
    dies_after(home / "landing.duckdb", "create table raw.mine as select 1 as one")
    (home / "landing.duckdb").unlink()

    found = found_by_doctor(settings, "landing")
    assert (found.status, "landing.duckdb.wal is left" in found.found) == ("warn", True)
    assert sync().exit_code == 0
    assert "landing" not in {finding.topic for finding in examine_installation(settings)}
