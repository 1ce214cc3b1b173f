"""What a run refuses is found by `sync --dry-run` and by `doctor`, too, and neither changes anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from pipelines import run
from pipelines.commands.doctor.examine import examine_home, examine_installation
from pipelines.commands.doctor.finding import Finding
from pipelines.conditions import CONDITIONS
from pipelines.errors import InventorumError
from pipelines.lock import exclusive
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Files, RotatingLogin, Settings
from tests.conftest import Sync

Spoil = Callable[[Settings, ExitStack], Settings]


@contextmanager
def opened_elsewhere(database: Path) -> Iterator[None]:
    """Another process has the file open, read-only."""
    code = (
        "import duckdb, sys; held = duckdb.connect(sys.argv[1], read_only=True); "
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        yield
        assert other.stdin is not None
        other.stdin.close()


def no_login(settings: Settings, held: ExitStack) -> Settings:
    return replace(settings, login=None)


def another_account(settings: Settings, held: ExitStack) -> Settings:
    return replace(settings, account="branch")


def a_group_that_is_none(settings: Settings, held: ExitStack) -> Settings:
    return replace(settings, published_group="nobody-of-that-name")


def a_home_that_is_a_file(settings: Settings, held: ExitStack) -> Settings:
    path = settings.files.home.with_name("letter")
    path.write_text("mine")
    return replace(settings, files=Files(path))


def a_home_below_a_file(settings: Settings, held: ExitStack) -> Settings:
    return replace(settings, files=Files(a_home_that_is_a_file(settings, held).files.home / "data"))


def a_home_that_dlt_cannot_name(settings: Settings, held: ExitStack) -> Settings:
    return replace(settings, files=Files(settings.files.home.with_name("what?")))


def a_work_folder_that_is_a_file(settings: Settings, held: ExitStack) -> Settings:
    settings.files.work.rename(settings.files.home / "elsewhere")
    settings.files.work.write_text("mine")
    return settings


def a_run_at_work(settings: Settings, held: ExitStack) -> Settings:
    held.enter_context(exclusive(settings.files.lock, "sync"))
    return settings


def a_lock_that_is_a_folder(settings: Settings, held: ExitStack) -> Settings:
    settings.files.lock.unlink()
    settings.files.lock.mkdir()
    return settings


def a_token_file_that_is_a_folder(settings: Settings, held: ExitStack) -> Settings:
    settings.files.token.mkdir()
    return replace(settings, login=RotatingLogin("id", "secret", "refresh"))


def a_token_file_in_a_folder_that_is_gone(settings: Settings, held: ExitStack) -> Settings:
    settings.files.token.symlink_to(settings.files.home.with_name("unmounted") / "token.json")
    return replace(settings, login=RotatingLogin("id", "secret", "refresh"))


def a_landing_log_of_text(settings: Settings, held: ExitStack) -> Settings:
    settings.files.landing.write_text("mine " * 10_000)
    return settings


def a_landing_log_that_lost_its_end(settings: Settings, held: ExitStack) -> Settings:
    whole = settings.files.landing.read_bytes()
    settings.files.landing.write_bytes(whole[: len(whole) // 2])
    return settings


def a_landing_log_that_is_a_folder(settings: Settings, held: ExitStack) -> Settings:
    settings.files.landing.unlink()
    settings.files.landing.mkdir()
    return settings


def a_reader_of_the_landing_log(settings: Settings, held: ExitStack) -> Settings:
    held.enter_context(opened_elsewhere(settings.files.landing))
    return settings


def a_reader_of_the_build_file(settings: Settings, held: ExitStack) -> Settings:
    held.enter_context(opened_elsewhere(settings.files.build))
    return settings


def a_build_file_that_is_a_folder(settings: Settings, held: ExitStack) -> Settings:
    settings.files.build.unlink()
    settings.files.build.mkdir()
    return settings


def a_published_file_of_another_program(settings: Settings, held: ExitStack) -> Settings:
    settings.files.warehouse.unlink()
    with closing(duckdb.connect(str(settings.files.warehouse))) as connection:
        connection.execute("create table mine as select 1")
    return settings


def a_published_file_of_text(settings: Settings, held: ExitStack) -> Settings:
    settings.files.warehouse.write_text("mine " * 10_000)
    (settings.files.work / "published.json").unlink()  # nothing shows that anything was published there before
    return settings


def a_column_that_cannot_be_mended(settings: Settings, held: ExitStack) -> Settings:
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        connection.execute("alter table raw.quarantine add column _dlt_id varchar")
        connection.execute("alter table raw.orders alter column state set data type varchar")
        connection.execute("update raw.orders set state = 'paid'")
    return settings


def rows_without_what_they_must_have(settings: Settings, held: ExitStack) -> Settings:
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        connection.execute("alter table raw.orders drop column content_hash")
    return settings


REFUSED: dict[str, tuple[Spoil, str]] = {
    spoil.__name__.replace("_", " "): (spoil, topic)
    for spoil, topic in (
        (no_login, "login"),
        (another_account, "account"),
        (a_group_that_is_none, "group"),
        (a_home_that_is_a_file, "home"),
        (a_home_below_a_file, "home"),
        (a_home_that_dlt_cannot_name, "home"),
        (a_work_folder_that_is_a_file, "home"),
        (a_run_at_work, "lock"),
        (a_lock_that_is_a_folder, "lock"),
        (a_token_file_that_is_a_folder, "token"),
        (a_token_file_in_a_folder_that_is_gone, "token"),
        (a_landing_log_of_text, "landing"),
        (a_landing_log_that_lost_its_end, "landing"),
        (a_landing_log_that_is_a_folder, "home"),
        (a_reader_of_the_landing_log, "landing"),
        (a_reader_of_the_build_file, "build"),
        (a_build_file_that_is_a_folder, "home"),
        (a_published_file_of_another_program, "warehouse"),
        (a_published_file_of_text, "warehouse"),
        (a_column_that_cannot_be_mended, "columns"),
        (rows_without_what_they_must_have, "columns"),
    )
}


def found_by_doctor(settings: Settings) -> dict[str, Finding]:
    found = [*examine_home(settings.files.home), *examine_installation(settings)]
    return {finding.topic: finding for finding in found}


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.cases(5)
@pytest.mark.parametrize(("spoil", "topic"), REFUSED.values(), ids=REFUSED)
def test_what_a_sync_refuses_is_found_before_and_changes_nothing(
    spoil: Spoil, topic: str, sandbox: Sandbox, home: Path, settings: Settings, tmp_path: Path
) -> None:
    asked = len(sandbox.requests)
    with ExitStack() as held:
        spoiled = spoil(settings, held)
        before = contents(tmp_path)
        found = found_by_doctor(spoiled)
        with pytest.raises(InventorumError) as previewed:
            run.preview(spoiled)
        assert contents(tmp_path) == before
        with pytest.raises(InventorumError) as refused:
            run.sync(spoiled)

    assert found[topic].status in ("warn", "fail")
    assert found[topic].found == str(refused.value) == str(previewed.value)
    assert found[topic].exit_code in (0, refused.value.exit_code)  # type: ignore[attr-defined]
    assert len(sandbox.requests) == asked


def test_every_condition_is_tried() -> None:
    assert {topic for _, topic in REFUSED.values()} == {condition.topic for condition in CONDITIONS}


@pytest.mark.long
@pytest.mark.parametrize("state", ["no folder", "an empty folder", "used"])
def test_a_home_without_faults_is_refused_by_nobody_and_not_touched(
    state: str, settings: Settings, sync: Sync, tmp_path: Path
) -> None:
    if state == "used":
        sync()
    elif state == "an empty folder":
        settings.files.home.mkdir()
    before = contents(tmp_path)

    assert {finding.topic for finding in found_by_doctor(settings).values() if finding.status == "fail"} == set()
    run.preview(settings)
    assert contents(tmp_path) == before
    assert sync().exit_code == 0


@pytest.mark.long
def test_columns_that_the_next_run_mends_are_a_warning(
    home: Path, settings: Settings, sync: Sync, tmp_path: Path
) -> None:
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        connection.execute("alter table raw.quarantine add column _dlt_id varchar")
        connection.execute("alter table raw.quarantine alter column _dlt_id set not null")
        connection.execute("alter table raw.orders alter column state set data type varchar")
        connection.execute("alter table raw.orders alter column account drop not null")
        connection.execute("alter table raw.orders drop column _api_version")
        connection.execute("drop table raw.absences")
    before = contents(tmp_path)

    found = found_by_doctor(settings)["columns"]
    assert (found.status, found.exit_code) == ("warn", 0)
    for place in ("raw.orders.state", "raw.orders.account", "raw.quarantine._dlt_id", "raw.absences"):
        assert place in found.found
    assert "mended by the next run" in found.advice
    run.preview(settings)
    assert contents(tmp_path) == before

    assert sync().exit_code == 0
    assert "columns" not in found_by_doctor(settings)
