"""Every command in every state of a home: what it says leads on, and contradicts nothing."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files

HINT = re.compile(r"`inventorum ([^`]+)`")
HOPS = 3  # check sends to build, build to sync, at most


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Sandbox, int]]:
    """A shop with one order in one channel, and the order's id."""
    shop = Shop(clock=Clock("2026-11-01T18:00:00Z"))
    order = shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-01T10:00Z")
    with Sandbox(shop) as sandbox:
        yield sandbox, order


@pytest.fixture(scope="module")
def used(account: tuple[Sandbox, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one sync."""
    home = tmp_path_factory.mktemp("used") / "data"
    assert typed(account[0], "--home", str(home), "sync").exit_code == 0
    return home


@pytest.fixture(scope="module")
def failed(account: tuple[Sandbox, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose first sync could not read anything."""
    home = tmp_path_factory.mktemp("failed") / "data"
    account[0].faults.push("409", times=1)
    assert typed(account[0], "--home", str(home), "sync").exit_code == 6
    return home


def typed(sandbox: Sandbox, *words: str) -> Result:
    """The command line in this process."""
    environment = {
        "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
        "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
        "SOURCES__INVENTORUM__CHANNELS": "ipad",
        "COLUMNS": "200",
    }
    return CliRunner().invoke(app, list(words), env=environment, input="select 1;\n")


def no_folder(home: Path, used: Path, failed: Path) -> None:
    """Nothing was ever run."""


def empty_folder(home: Path, used: Path, failed: Path) -> None:
    home.mkdir()


def first_run_failed(home: Path, used: Path, failed: Path) -> None:
    shutil.copytree(failed, home)


def landed_not_built(home: Path, used: Path, failed: Path) -> None:
    home.mkdir()
    shutil.copyfile(Files(used).landing, Files(home).landing)


def built_not_published(home: Path, used: Path, failed: Path) -> None:
    shutil.copytree(used, home)
    Files(home).warehouse.unlink()


def without_work(home: Path, used: Path, failed: Path) -> None:
    shutil.copytree(used, home)
    shutil.rmtree(Files(home).work)


def without_landing(home: Path, used: Path, failed: Path) -> None:
    shutil.copytree(used, home)
    Files(home).landing.unlink()


def of_an_earlier_release(home: Path, used: Path, failed: Path) -> None:
    shutil.copytree(used, home)
    with closing(duckdb.connect(str(Files(home).build))) as connection:
        connection.execute("update ops.meta set value = 'earlier' where key in ('fingerprint', 'runner')")


def published(home: Path, used: Path, failed: Path) -> None:
    shutil.copytree(used, home)


STATES = {
    state.__name__.replace("_", " "): state
    for state in (
        published,
        first_run_failed,
        no_folder,
        empty_folder,
        landed_not_built,
        built_not_published,
        without_work,
        without_landing,
        of_an_earlier_release,
    )
}
COMMANDS = (
    "status",
    "tables",
    "query 'select 1'",
    "explain ORDER",
    "report",
    "docs -o OUT",
    "export csv --output OUT",
    "doctor --offline",
    "shell --simple",
    "check",
    "build",
)


# dearer, and tried where they could trip: nothing there, a part of it missing
LOADS = ("sync", "build --full", "reconcile --days 1", "backfill --from 2026-11-01 --to 2026-11-02")


@pytest.mark.by_hand
@pytest.mark.long
@pytest.mark.parametrize("make", [no_folder, first_run_failed, without_landing])
@pytest.mark.parametrize("command", LOADS)
def test_what_a_run_says_leads_on(
    command: str,
    make: Callable[[Path, Path, Path], None],
    account: tuple[Sandbox, int],
    used: Path,
    failed: Path,
    tmp_path: Path,
) -> None:
    make(tmp_path / "data", used, failed)

    assert follow(account[0], tmp_path / "data", shlex.split(command)) == []


@pytest.mark.long
@pytest.mark.parametrize(("number", "make"), list(enumerate(STATES.values())), ids=STATES)
def test_what_a_command_says_leads_on_in_every_state_of_a_home(
    number: int,
    make: Callable[[Path, Path, Path], None],
    account: tuple[Sandbox, int],
    used: Path,
    failed: Path,
    tmp_path: Path,
) -> None:
    sandbox, order = account
    trouble = []
    for command in COMMANDS[number % 3 :: 3]:  # each in every third state
        home = tmp_path / command.split()[0] / "data"
        home.parent.mkdir()
        make(home, used, failed)
        words = shlex.split(command.replace("ORDER", str(order)).replace("OUT", str(home.parent / "out")))
        trouble += follow(sandbox, home, words)
    assert trouble == []


def follow(sandbox: Sandbox, home: Path, words: list[str], hops: int = HOPS) -> list[str]:
    """Do what the command's message says until the command works; what went wrong on the way."""
    ended = typed(sandbox, "--home", str(home), *words)
    said = f"{shlex.join(words)}: {ended.exit_code} {' '.join(ended.stderr.split())}"
    trouble = [f"{said}: {ended.exception!r}"] if not isinstance(ended.exception, SystemExit | None) else []
    trouble += [f"{said} contradicts {ended.stdout!r}" for _ in (1,) if contradicts(ended)]
    if ended.exit_code == 0 or trouble:
        return trouble
    hint = HINT.search(" ".join(ended.stderr.split()))
    if hint is None:
        return [f"{said}: no way on"]
    if hops == 0:
        return [f"{said}: a circle"]
    return follow(sandbox, home, shlex.split(hint.group(1)), hops - 1) or follow(sandbox, home, words, hops - 1)


def contradicts(ended: Result) -> bool:
    """Whether a result says at once that nothing changed and what was published, or names its own insides."""
    told = ended.stdout + ended.stderr
    stays = "stays as it was" in told and re.search(r"^published +/", ended.stdout, re.MULTILINE) is not None
    return stays or "_dlt_loads" in told


def test_a_first_run_that_reads_nothing_says_that_an_empty_warehouse_is_published(
    account: tuple[Sandbox, int], tmp_path: Path
) -> None:
    sandbox, _ = account
    sandbox.faults.push("409", times=1)
    ended = typed(sandbox, "--home", str(tmp_path / "data"), "sync")

    assert ended.exit_code == 6
    assert "nothing could be read yet, so an empty warehouse is published" in ended.stdout
    assert "stays as it was" not in ended.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("update ops.meta set value = 'x' where key = 'fingerprint'", "since the SQL files changed"),
        (
            "update ops.meta set value = 'x' where key in ('fingerprint', 'runner')",
            "since another version of this program built the tables",
        ),
        (
            "update ops.meta set value = case key when 'timezone' then 'Europe/Vienna' else 'x' end "
            "where key in ('fingerprint', 'timezone')",
            "since settings changed: timezone is now Europe/Berlin, not Europe/Vienna",
        ),
    ],
    ids=["SQL", "program", "a setting"],
)
def test_the_reason_of_a_full_build_is_what_changed(
    change: str, words: str, account: tuple[Sandbox, int], used: Path, tmp_path: Path
) -> None:
    home = tmp_path / "data"
    shutil.copytree(used, home)
    with closing(duckdb.connect(str(Files(home).build))) as connection:
        connection.execute(change)
    ended = typed(account[0], "--home", str(home), "build")

    assert ended.exit_code == 0, ended.stderr
    assert words in " ".join(ended.stdout.split())
