"""What a command writes where it was told to: as a whole, for its owner, and never over a file of the home."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from tests.support.landing_file import Load
from tests.support.warehouse import Warehouse, item, order
from transforms.runner.publish import publish

COMMANDS = {
    "query": ["query", "select 1 as one"],
    "query as parquet": ["query", "select 1 as one", "--format", "parquet"],
    "report": ["report"],
    "export csv": ["export", "csv"],
    "export xlsx": ["export", "xlsx"],
    "export parquet": ["export", "parquet"],
    "export datev": ["export", "datev"],
    "docs": ["docs"],
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one order."""
    warehouse = Warehouse(tmp_path_factory.mktemp("home"))
    warehouse.load(Load([order(1, "2026-11-02T10:00:00+00:00", [item("6.99")])]))
    publish(warehouse.files)
    (warehouse.folder / "token.json").write_text("{}")
    return warehouse.folder


def call(home: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and everything that was said."""
    result = CliRunner().invoke(app, ["--home", str(home), *arguments])
    return result.exit_code, " ".join(result.output.split())


def contents(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


@pytest.mark.cases(8)
@pytest.mark.parametrize("name", ["landing.duckdb", "warehouse.duckdb", "token.json", "landing.duckdb.wal"])
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_no_command_writes_over_a_file_of_the_home(home: Path, words: list[str], name: str) -> None:
    before = contents(home)

    code, said = call(home, *words, "--output", str(home / name))

    assert (code, contents(home)) == (2, before)
    assert "Nothing was written" in said


@pytest.mark.parametrize("way", ["relative", "dotted", "link", "hard link", "capitals", "linked folder", "in work"])
@pytest.mark.parametrize("command", ["query as parquet", "report"])
def test_a_file_of_the_home_is_known_by_whatever_name(
    home: Path, command: str, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.parent)
    (tmp_path / "link").symlink_to(home / "landing.duckdb")
    (tmp_path / "hard").hardlink_to(home / "landing.duckdb")
    (tmp_path / "folder").symlink_to(home)
    ways = {
        "relative": f"{home.name}/landing.duckdb",
        "dotted": f"{home}/work/../landing.duckdb",
        "link": str(tmp_path / "link"),
        "hard link": str(tmp_path / "hard"),
        "capitals": f"{home}/LANDING.duckdb",
        "linked folder": str(tmp_path / "folder" / "landing.duckdb"),
        "in work": str(home / "work" / "result.parquet"),
    }
    before = contents(home)

    code, said = call(home, *COMMANDS[command], "--output", ways[way])

    assert (code, contents(home)) == (2, before)
    assert "Nothing was written" in said


def test_a_query_does_not_write_over_the_report_of_the_home_but_report_does(home: Path) -> None:
    assert call(home, "query", "select 1", "--format", "csv", "-o", str(home / "report.html"))[0] == 2
    assert call(home, "report", "-o", str(home / "report.html"))[0] == 0
    assert (home / "report.html").stat().st_size > 1000


def test_results_may_lie_in_the_home_beside_its_files(home: Path) -> None:
    assert call(home, "query", "select 1 as one", "-o", str(home / "mine.csv"))[0] == 0
    assert (home / "mine.csv").read_text() == "one\n1\n"


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["y.csv", "y.CSV", "y.json", "y.md", "y.parquet", "y.txt", "y"])
def test_the_name_of_the_file_says_the_form(home: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / name

    assert call(home, "query", "select 1 as one, 'a' as name", "-o", str(file)) == (0, "")

    if name.endswith("parquet"):
        assert pq.read_table(file).to_pylist() == [{"one": 1, "name": "a"}]
    elif name.endswith("json"):
        assert json.loads(file.read_text()) == [{"one": 1, "name": "a"}]
    else:
        expected = (
            "one,name\n1,a\n" if name.casefold().endswith("csv") else "| one | name |\n| --- | --- |\n| 1 | a |\n"
        )
        assert file.read_text() == expected
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["-o", "y.csv", "--format", "parquet"], "says csv, --format says parquet", id="another form"),
        pytest.param(["-o", "y.parquet", "--json"], "says parquet, --format says json", id="--json"),
        pytest.param(["-o", "y.csv", "--format", "table"], "says csv, --format says table", id="a table"),
        pytest.param(["-o", "y.duckdb"], "ends in .duckdb", id="no form"),
        pytest.param(["-o", "y.csv", "--format", "toml"], "no form 'toml'", id="unknown form"),
    ],
)
def test_a_name_and_a_form_that_contradict_each_other_are_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)

    code, said = call(home, "query", "select 1 as one", *arguments)

    assert code == 2
    assert words in said
    assert list(tmp_path.iterdir()) == []


def test_a_query_that_fails_leaves_the_earlier_file(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "y.csv"
    file.write_text("earlier")

    assert call(home, "query", "select error('no')", "-o", str(file))[0] == 2

    assert file.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["y.csv"]


@pytest.mark.parametrize("command", ["query", "report"])
def test_a_result_is_written_through_a_link_for_its_owner_only(home: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "real.csv").write_text("earlier")
    (tmp_path / "disk" / "real.csv").chmod(0o644)
    (tmp_path / "link.csv").symlink_to(tmp_path / "disk" / "real.csv")

    assert call(home, *COMMANDS[command], "-o", str(tmp_path / "link.csv"))[0] == 0

    real = tmp_path / "disk" / "real.csv"
    assert (tmp_path / "link.csv").is_symlink()
    assert real.read_text() != "earlier"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


@pytest.mark.parametrize("command", ["query", "report"])
def test_a_device_or_pipe_gets_the_bytes_and_stays(home: Path, tmp_path: Path, command: str) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert call(home, *COMMANDS[command], "-o", str(pipe))[0] == 0
        assert os.read(reader, 100).startswith(b"one\n1\n" if command == "query" else b"<!")
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_schedule_is_not_written_into_the_work_folder(home: Path) -> None:
    before = contents(home)
    assert call(home, "schedule", "systemd", "-o", str(home / "work"))[0] == 2
    assert contents(home) == before


def test_the_landing_log_of_this_home_is_still_one(home: Path) -> None:
    with duckdb.connect(str(home / "landing.duckdb"), read_only=True) as landing:
        assert landing.execute("select count(*) from raw.orders").fetchall() == [(1,)]


def test_a_terminal_of_no_columns_hides_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "0")

    code, out = call(home, "query", "select 42 as answer, 'Wobbler' as name")

    assert code == 0
    assert "42" in out
    assert "Wobbler" in out
