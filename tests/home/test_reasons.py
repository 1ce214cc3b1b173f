"""Whatever makes an exit code other than 0 is said on stderr, whoever reads the results and in whatever form."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files
from pipelines.terminal import Ended

WOBBLER = [("Wobbler", "6.99", 1)]
Told = Callable[..., Result]


@pytest.fixture
def told(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Told:
    """The command line in this process, with settings that point to a sandbox with one channel."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment(sandbox).items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments))

    return call


def environment(sandbox: Sandbox) -> dict[str, str]:
    return {
        "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
        "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
        "SOURCES__INVENTORUM__CHANNELS": "ipad",
        "SOURCES__INVENTORUM__REQUESTS_PER_SECOND": "1000",
        "COLUMNS": "200",
    }


def refuse_a_crawl(shop: Shop, sandbox: Sandbox) -> None:
    sandbox.faults.push("409", times=20)


def send_no_order(shop: Shop, sandbox: Sandbox) -> None:
    shop.raw("ipad", b'{"id":null}')


UNWELL = {
    "a crawl that is not complete": (refuse_a_crawl, 6, "was refused with 409"),
    "a record in quarantine": (send_no_order, 7, "could not be stored as orders"),
}


@pytest.mark.cases(1)
@pytest.mark.parametrize(("bring_about", "code", "reason"), UNWELL.values(), ids=UNWELL)
@pytest.mark.parametrize("options", [(), ("-q",), ("--json",)], ids=["as text", "quietly", "as JSON"])
def test_a_run_that_is_not_well_says_why_on_stderr(
    bring_about: Callable[[Shop, Sandbox], None],
    code: int,
    reason: str,
    options: tuple[str, ...],
    shop: Shop,
    sandbox: Sandbox,
    told: Told,
) -> None:
    bring_about(shop, sandbox)
    ended = told("sync", *options)

    assert ended.exit_code == code
    assert reason in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ("exit_code" in ended.stdout) == ("--json" in options)


@pytest.mark.parametrize("options", [(), ("-q",), ("--json",)], ids=["as text", "quietly", "as JSON"])
def test_a_foreseen_error_is_said_on_stderr_in_every_form(options: tuple[str, ...], told: Told) -> None:
    ended = told("query", "select 1", *options)

    assert ended.exit_code == 1
    assert "nothing was published" in ended.stderr
    assert ("exit_code" in ended.stdout) == ("--json" in options)


@pytest.mark.long
def test_failed_checks_are_named_on_stderr(shop: Shop, told: Told, tmp_path: Path) -> None:
    shop.sell("ipad", items=WOBBLER, at="2026-11-01T10:00Z")
    told("sync")
    with closing(duckdb.connect(str(Files(tmp_path / "data").build))) as connection:
        connection.execute("update core.fct_orders set account = 'nobody'")
    ended = told("check", "--json")

    assert ended.exit_code == 3
    assert "Checks failed: " in ended.stderr


def test_what_doctor_finds_broken_is_named_on_stderr(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCES__INVENTORUM__ACCESS_TOKEN")
    ended = told("doctor", "--json")

    assert ended.exit_code == 2
    assert "No login is configured" in ended.stderr


def test_nothing_ends_with_another_code_than_0_and_without_a_reason() -> None:
    with pytest.raises(ValueError, match="without a reason"):
        Ended(6)


def closed_pipe(home: Path, sandbox: Sandbox, *arguments: str) -> tuple[int, str]:
    """Code and stderr of the real command whose reader has gone before anything was printed."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone:
        ended = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "--home", str(home), *arguments],
            env=os.environ | environment(sandbox),
            stdout=gone,
            stderr=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )
    return ended.returncode, ended.stderr


@pytest.mark.long
def test_a_closed_pipe_leaves_a_run_its_own_code(shop: Shop, sandbox: Sandbox, tmp_path: Path) -> None:
    shop.sell("ipad", items=WOBBLER, at="2026-11-01T10:00Z")
    assert closed_pipe(tmp_path / "home", sandbox, "sync") == (0, "")
    sandbox.faults.push("409", times=20)
    code, reason = closed_pipe(tmp_path / "home", sandbox, "sync", "--json")

    assert code == 6
    assert "was refused with 409" in reason
    assert "Traceback" not in reason
    code, reason = closed_pipe(tmp_path / "nothing", sandbox, "tables", "--json")
    assert code == 1
    assert "nothing was published" in reason
    assert "Traceback" not in reason
