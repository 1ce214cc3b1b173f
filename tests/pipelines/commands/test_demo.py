"""The demo as a newcomer meets it: a folder of its own, and hints that work as they are printed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.commands.demo import run_demo
from pipelines.errors import HomeError
from pipelines.progress import Silent
from pipelines.settings import Files, Settings
from tests.support.real_command import surroundings

pytestmark = pytest.mark.long

PROGRAM = Path(sys.executable).parent / "inventorum"
Call = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the newcomer stands: the program lies in .venv/bin, a real account's home is in the environment."""
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "inventorum").symlink_to(PROGRAM)
    return folder


@pytest.fixture(scope="module")
def typed(folder: Path) -> Call:
    """A line as it is typed into a shell in that folder."""
    environment = surroundings(INVENTORUM_HOME="mine")

    def call(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    return call


@pytest.fixture(scope="module")
def shown(folder: Path, typed: Call) -> str:
    """What the demo prints."""
    ended = typed(".venv/bin/inventorum demo --orders 120 --days 10")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_demo_fills_a_folder_of_its_own_and_leaves_the_real_account_s_alone(folder: Path, shown: str) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [".venv", "demo"]
    assert sorted(path.name for path in (folder / "demo").iterdir()) == [
        "landing.duckdb",
        "report.html",
        "warehouse.duckdb",
        "work",
    ]


def test_every_hint_of_the_demo_works_when_it_is_typed_in_the_same_folder(
    folder: Path, typed: Call, shown: str
) -> None:
    places, _, hints = shown.partition("Where things are\n")[2].partition("What to type next\n")
    paths = [line.split()[0] for line in places.splitlines() if line.strip()]
    lines = [line.strip() for line in hints.splitlines() if line.startswith("  ") and line[2] != " "]

    assert len(paths) == 3
    assert all((folder / path).is_file() for path in paths)
    assert len(lines) == 5
    for line in lines:
        ended = typed(line)
        assert ended.returncode == 0, f"{line}: {ended.stderr}"
        assert ended.stdout.strip(), line
        assert "nothing yet" not in ended.stdout, line


def test_building_a_demo_again_finds_nothing_new(typed: Call, shown: str) -> None:
    ended = typed(".venv/bin/inventorum build --home demo --json")

    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert (report["full_build"], report["published"]) == (False, False)


@pytest.mark.long
@pytest.mark.parametrize("left", ["everything", "work only"])
def test_a_demo_begins_an_earlier_one_afresh(left: str, settings: Settings, shown: str, folder: Path) -> None:
    home = settings.files.home
    shutil.copytree(folder / "demo", home)
    log = home / "warehouse.duckdb.wal"
    log.write_bytes(b"of a session that was killed")
    if left == "work only":
        for path in (settings.files.landing, settings.files.warehouse, settings.files.report, log):
            path.unlink()

    demo = run_demo(settings, orders=20, days=3, seed=2, progress=Silent())

    assert 15 <= demo.first.orders_new <= 20, "one or two are PENDING, which the API does not show"
    assert not log.exists()


def files_of(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_demo_never_fills_the_home_of_a_real_account(home: Path, settings: Settings) -> None:
    before = files_of(settings.files.home)

    with pytest.raises(HomeError, match="holds the orders of account 'default'"):
        run_demo(settings, orders=5, days=1, seed=1, progress=Silent())

    assert files_of(settings.files.home) == before


@pytest.mark.parametrize("name", ["token.json", "notes.txt", "report.html"])
def test_a_demo_never_fills_a_folder_that_holds_something_else(name: str, settings: Settings) -> None:
    settings.files.home.mkdir()
    (settings.files.home / name).write_text("mine")

    with pytest.raises(HomeError, match="of its own: `inventorum demo --home FOLDER`"):
        run_demo(settings, orders=5, days=1, seed=1, progress=Silent())

    assert files_of(settings.files.home) == {name: b"mine"}


@pytest.mark.long
def test_settings_of_the_real_account_say_nothing_about_which_orders_the_demo_reads(
    settings: Settings, tmp_path: Path
) -> None:
    real = replace(
        settings,
        files=Files(tmp_path / "demo"),
        channels=("ebay",),
        start_date=datetime(2036, 1, 1, tzinfo=UTC),
        delta_first_page=1,
    )

    assert run_demo(real, orders=20, days=3, seed=2, progress=Silent()).first.orders_new >= 15
