"""Every command in surroundings that Python has no words for: no traceback, the right exit code, a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pipelines import run
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.login import StaticToken, read_grant
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from tests import ROOT
from tests.support.scripted import EMPTY_PAGE, Scripted, answer

SQL = "select product_name from core.fct_order_items"
NAME = "Größe 42 – neu"


@dataclass(frozen=True)
class Surroundings:
    """What is wrong around a command.

    Attributes:
        begin: Done in the new process before the program starts, in its current folder.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    begin: Callable[[], object] = lambda: None
    home: bytes = b"home"


def full(number: int) -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), number)


def delete_the_current_folder() -> None:
    Path.cwd().rmdir()


WELL = Surroundings()
ASCII = Surroundings({"PYTHONIOENCODING": "ascii"})
NO_LOCALE = Surroundings({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"})
STDOUT_CLOSED = Surroundings(begin=lambda: os.close(1))
STDERR_CLOSED = Surroundings(begin=lambda: os.close(2))
ALL_CLOSED = Surroundings(begin=lambda: os.closerange(0, 3))
STDOUT_FULL = Surroundings(begin=lambda: full(1))
STDERR_FULL = Surroundings(begin=lambda: full(2))
CURRENT_FOLDER_GONE = Surroundings(begin=delete_the_current_folder)
LATIN_1 = Surroundings(home=b"h\xe4me")

STATUS, TABLES, QUERY = ("status",), ("tables",), ("query", SQL)
CSV, JSON = ("query", "-f", "csv", SQL), ("query", "--json", SQL)
REPORT, DOCS = ("report",), ("docs", "-o", "docs")
SYNC, BUILD, CHECK = ("sync",), ("build",), ("check",)
ORDERS = ("orders", "--from", "2026-11-01", "--to", "2026-11-03")
SHELL, INIT, CRON, DOCTOR = ("shell", "--simple"), ("init",), ("schedule", "cron"), ("doctor", "--offline")
BASKET, USAGE, HELP = ("basket", "create", "--item", "1:1:1.00"), ("nonsense",), ("--help",)

Case = tuple[Surroundings, tuple[str, ...], int, str]
CASES: dict[str, Case] = {
    **{f"ascii: {c[0]} {c[1:2]}": (ASCII, c, 0, "") for c in (QUERY, CSV, JSON, TABLES, ORDERS, SHELL)},
    **{f"no locale: {c[0]}": (NO_LOCALE, c, 0, "") for c in (QUERY, REPORT, DOCS)},
    **{f"stdout closed: {c[0]}": (STDOUT_CLOSED, c, 0, "") for c in (STATUS, QUERY, SYNC, HELP)},
    "stdout closed, refused": (STDOUT_CLOSED, BASKET, 2, "Nothing was sent"),
    "stderr closed": (STDERR_CLOSED, QUERY, 0, ""),
    "stderr closed, refused": (STDERR_CLOSED, BASKET, 2, ""),
    "all closed": (ALL_CLOSED, BUILD, 0, ""),
    **{
        f"stdout full: {c[0]} {c[1:2]}": (STDOUT_FULL, c, 1, "could not be written")
        for c in (
            STATUS,
            TABLES,
            QUERY,
            CSV,
            JSON,
            REPORT,
            SYNC,
            CHECK,
            ORDERS,
            SHELL,
            INIT,
            CRON,
            DOCTOR,
            HELP,
        )
    },
    "stderr full, refused": (STDERR_FULL, BASKET, 2, ""),
    "stderr full, verbose": (STDERR_FULL, ("build", "-v"), 0, ""),
    **{
        f"current folder gone: {c[0]}": (CURRENT_FOLDER_GONE, c, 1, "The current folder cannot be read")
        for c in (STATUS, QUERY, SYNC, BUILD, REPORT, INIT, CRON, DOCTOR, ORDERS)
    },
    **{
        f"Latin-1 in the home's path: {c[0]}": (LATIN_1, c, 2, "no UTF-8")
        for c in (STATUS, QUERY, SYNC, BUILD, REPORT, ("demo",), DOCTOR)
    },
    "Latin-1 in the environment": (Surroundings({"INVENTORUM_HOME": "h\udce4me"}), STATUS, 2, "no UTF-8"),
    "Latin-1 in a setting": (Surroundings({"SOURCES__INVENTORUM__ACCOUNT": "h\udce4"}), STATUS, 2, "no UTF-8"),
    "a home of nobody": (Surroundings(home=b"~nobody-here/x"), STATUS, 2, "cannot be found"),
    "no HOME": (Surroundings(without=("HOME",)), SYNC, 0, ""),
    "a zone that is none": (Surroundings({"TZ": "garbage"}), SYNC, 0, ""),
    **{f"COLUMNS={c}": (Surroundings({"COLUMNS": c}), TABLES, 0, "") for c in ("0", "1", "20", "abc")},
    "a dumb terminal": (Surroundings({"TERM": "dumb"}), STATUS, 0, ""),
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory):
    """A loaded home, and the environment of its account, whose names have umlauts and half a letter."""
    shop = Shop(clock=Clock("2026-11-03T18:00:00Z"))
    shop.sell("ipad", items=[(NAME, "6.99", 10)], at="2026-11-02T10:00Z")
    home = tmp_path_factory.mktemp("surroundings") / "home"
    with Sandbox(shop) as sandbox:
        run.sync(
            Settings(
                files=Files(home),
                base_url=sandbox.base_url,
                login=StaticLogin(sandbox.access_token),
                requests_per_second=1000.0,
            )
        )
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SOURCES__", "INVENTORUM", "PYTHON"))
        }
        yield (
            home,
            kept
            | {
                "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
                "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
                "SOURCES__INVENTORUM__REQUESTS_PER_SECOND": "1000",
                "PYTHONPATH": str(ROOT),
            },
        )


def call(
    folder: Path, environment: Mapping[str, str], around: Surroundings, words: tuple[str, ...]
) -> subprocess.CompletedProcess[bytes]:
    current = folder / "here"
    current.mkdir()
    kept = {name: value for name, value in environment.items() if name not in around.without}
    home = around.home if around.home.startswith(b"~") else os.fsencode(folder) + b"/" + around.home
    place = () if words in (USAGE, HELP) or "INVENTORUM_HOME" in around.environment else (b"--home", home)
    return subprocess.run(
        [sys.executable.encode(), b"-m", b"pipelines.cli", *map(os.fsencode, words), *place],
        cwd=current,
        env=kept | around.environment,
        input=f"{SQL};\n".encode(),
        capture_output=True,
        preexec_fn=around.begin,
        timeout=120,
        check=False,
    )


@pytest.mark.cases(3)
@pytest.mark.parametrize(("around", "words", "code", "reason"), CASES.values(), ids=CASES)
def test_no_traceback_and_the_right_exit_code(
    around: Surroundings, words: tuple[str, ...], code: int, reason: str, account, tmp_path: Path
) -> None:
    home, environment = account
    shutil.copytree(home, os.fsdecode(os.fsencode(tmp_path) + b"/" + around.home.lstrip(b"~/").replace(b"/", b"_")))

    ended = call(tmp_path, environment, around, words)

    told = ended.stderr.decode()
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    assert ended.returncode == code, told
    assert reason in " ".join(told.split())


@pytest.mark.parametrize("words", [QUERY, CSV], ids=["table", "csv"])
def test_letters_that_an_encoding_lacks_are_spelled_not_lost(words: tuple[str, ...], account, tmp_path: Path) -> None:
    home, environment = account
    shutil.copytree(home, tmp_path / "home")

    ended = call(tmp_path, environment, ASCII, words)

    assert r"Gr\xf6\xdfe 42 \u2013 neu" in ended.stdout.decode("ascii")


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
def test_a_receipt_number_with_half_a_letter_is_shown(
    form: tuple[str, ...], shop: Shop, sandbox: Sandbox, tmp_path: Path
) -> None:
    shop.raw(
        "ipad",
        b'{"id":7,"channel":"ipad","state":8,"time_added":"2026-11-01T10:00:00Z",'
        b'"basket":{"invoice_number":"R-\\ud800-7"}}',
    )
    environment = dict(os.environ) | {
        "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
        "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
        "PYTHONPATH": str(ROOT),
    }

    ended = call(tmp_path, environment, WELL, ("orders", "--from", "2026-11-01", "--to", "2026-11-01", *form))

    assert ended.returncode == 0, ended.stderr.decode()
    assert rb"R-\ud800-7" in ended.stdout


@pytest.mark.long
@pytest.mark.parametrize("words", [REPORT, ("demo", "--orders", "5", "--days", "1")], ids=["report", "demo"])
def test_a_folder_that_cannot_be_made_is_named(words: tuple[str, ...], account, tmp_path: Path) -> None:
    _, environment = account
    there = ("report", "-o", "/proc/nobody/page.html") if words == REPORT else words
    around = replace(WELL, home=b"home" if words == REPORT else b"../../../../../../../../proc/nobody")
    if words == REPORT:
        shutil.copytree(account[0], tmp_path / "home")

    ended = call(tmp_path, environment, around, there)

    told = " ".join(ended.stderr.decode().split())
    assert ended.returncode == 1, told
    assert "Traceback" not in told
    assert "/proc/nobody" in told


@pytest.mark.parametrize("version", ["9" * 5000, "²", "-1", "12.5", "9999999999"])
def test_a_version_that_is_no_number_is_not_told(version: str) -> None:
    with Scripted(answer(EMPTY_PAGE, X_Inv_Processed_Version=version)) as server:
        client = InventorumClient(server.base_url, StaticToken("t"))
        assert client.orders_delta(channel="ipad", page=0, limit=1).processed_version is None


def test_a_life_span_beyond_every_number_is_none():
    grant = read_grant(b'{"access_token":"t","expires_in":1' + b"0" * 400 + b"}")

    assert grant is not None
    assert grant.expires_in is None
