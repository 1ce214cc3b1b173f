"""The command line as a user meets it: a process of its own, an empty folder, wrong input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from tests.support.real_command import surroundings

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inventorum(tmp_path: Path) -> Run:
    """The command in an empty folder, with no settings but those given."""

    def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pipelines.cli", *arguments],
            cwd=tmp_path,
            env=surroundings(COLUMNS="80") | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return call


def account(sandbox: Sandbox) -> dict[str, str]:
    """The environment of DESIGN 6 for a sandbox."""
    return {
        "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
        "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
    }


WRONG_SETTINGS = {
    "no settings": ({}, 2, "No login is configured"),
    "half a login": ({"SOURCES__INVENTORUM__CLIENT_ID": "x"}, 2, "CLIENT_SECRET and"),
    "an unknown channel": (
        {"SOURCES__INVENTORUM__CHANNELS": "ipad,till", "SOURCES__INVENTORUM__ACCESS_TOKEN": "x"},
        2,
        "'till'",
    ),
    "http to another machine": (
        {"SOURCES__INVENTORUM__BASE_URL": "http://example.com/api", "SOURCES__INVENTORUM__ACCESS_TOKEN": "x"},
        2,
        "Use https",
    ),
    "no address": (
        {"SOURCES__INVENTORUM__BASE_URL": "app.inventorum.com", "SOURCES__INVENTORUM__ACCESS_TOKEN": "x"},
        2,
        "not a web address",
    ),
    "a number that is none": (
        {"SOURCES__INVENTORUM__OVERLAP_MINUTES": "soon", "SOURCES__INVENTORUM__ACCESS_TOKEN": "x"},
        2,
        "SOURCES__INVENTORUM__OVERLAP_MINUTES",
    ),
    "a name that is none of ours": (
        {"SOURCES__INVENTORUM__STARTDATE": "2026-01-01", "SOURCES__INVENTORUM__ACCESS_TOKEN": "x"},
        2,
        "SOURCES__INVENTORUM__STARTDATE is no setting of this program. Do you mean start_date?",
    ),
    "a zone that is none": (
        {"SOURCES__INVENTORUM__TIMEZONE": "Europe/Bielefeld", "SOURCES__INVENTORUM__ACCESS_TOKEN": "x"},
        2,
        "Europe/Berlin",
    ),
}


@pytest.mark.parametrize(("environment", "code", "words"), WRONG_SETTINGS.values(), ids=WRONG_SETTINGS)
def test_wrong_settings_end_with_one_message_and_nothing_written(
    environment: dict[str, str], code: int, words: str, inventorum: Run, tmp_path: Path
) -> None:
    ended = inventorum("sync", **environment)

    assert ended.returncode == code
    assert words in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_refused_token_exits_5_and_says_how_to_log_in(sandbox: Sandbox, inventorum: Run) -> None:
    ended = inventorum("sync", **account(sandbox) | {"SOURCES__INVENTORUM__ACCESS_TOKEN": "wrong-secret"})

    assert ended.returncode == 5
    assert "Traceback" not in ended.stderr
    assert "wrong-secret" not in ended.stderr + ended.stdout


def test_a_file_in_the_way_is_left_alone(sandbox: Sandbox, inventorum: Run, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    ended = inventorum("sync", **account(sandbox))

    assert ended.returncode == 1
    assert "is a file" in " ".join(ended.stderr.split())
    assert (tmp_path / "data").read_text() == "mine"


def test_sync_status_tables_and_query_answer_in_json(shop: Shop, sandbox: Sandbox, inventorum: Run) -> None:
    shop.sell("ipad", items=[("Wobbler", "6.99", 10)], at="2026-11-02T10:00Z")
    synced = inventorum("sync", "--json", **account(sandbox))
    assert synced.returncode == 0, synced.stderr
    assert json.loads(synced.stdout)["orders_new"] == 1

    status = json.loads(inventorum("status", "--json").stdout)
    assert status["channels"][0]["channel"] == "ipad"
    listed = json.loads(inventorum("--json", "tables").stdout)
    every = json.loads(inventorum("--json", "tables", "--all").stdout)
    assert {"fct_orders", "sales_by_day"} <= {table["name"] for table in listed}
    assert [table for table in every if table["schema"] != "ops"] == listed
    assert len(listed) <= 45 < len(every)  # who looks for an answer reads the whole list
    asked = inventorum("query", "--json", "select sum(gross_amount) as gross from marts.sales_by_day")
    assert json.loads(asked.stdout) == [{"gross": "69.90"}]


@pytest.mark.long
def test_a_row_that_is_too_wide_for_the_terminal_is_shown_column_by_column(
    first_home: Path, inventorum: Run, tmp_path: Path
) -> None:
    shutil.copytree(first_home, tmp_path / "data")

    wide = inventorum("query", "select * from marts.sales_by_day", COLUMNS="80").stdout
    narrow = inventorum("query", "select channel, gross_amount from marts.sales_by_day", COLUMNS="80").stdout

    assert [line.split() for line in wide.splitlines()[1:5]] == [
        ["row", "1"],
        ["account", "default"],
        ["business_date", "2026-11-02"],
        ["channel", "ipad"],
    ]
    assert [line.split() for line in narrow.splitlines() if "ipad" in line] == [["ipad", "6.99"]]


def test_a_dry_run_counts_and_loads_nothing(shop: Shop, sandbox: Sandbox, inventorum: Run, tmp_path: Path) -> None:
    shop.sell("ipad", items=[("Wobbler", "6.99", 10)], at="2026-11-02T10:00Z")
    ended = inventorum("sync", "--dry-run", "--json", **account(sandbox))

    assert {row["channel"]: row["orders"] for row in json.loads(ended.stdout)}["ipad"] == 1
    assert list(tmp_path.iterdir()) == []


def test_a_query_cannot_write_and_cannot_reach_files(first_home: Path, inventorum: Run, tmp_path: Path) -> None:
    shutil.copytree(first_home, tmp_path / "data")

    for sql in (
        "drop table core.fct_orders",
        "copy core.fct_orders to 'x.csv'",
        "select * from read_text('/etc/passwd')",
    ):
        ended = inventorum("query", sql)
        assert ended.returncode == 2, sql
        assert "Traceback" not in ended.stderr


@pytest.mark.long
def test_an_unreachable_host_exits_6(inventorum: Run) -> None:
    ended = inventorum(
        "sync",
        "--channel",
        "ipad",
        SOURCES__INVENTORUM__BASE_URL="http://127.0.0.1:9/api",
        SOURCES__INVENTORUM__ACCESS_TOKEN="x",
    )

    assert ended.returncode == 6
    assert "Traceback" not in ended.stderr


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pipelines.cli import app; "
        "heavy = {'dlt', 'duckdb', 'pandas', 'pyarrow', 'requests', 'sqlglot', 'starlette'} & set(sys.modules); "
        "print(*sorted(heavy))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (0, "\n"), ended.stderr


def test_a_command_ends_at_once_but_writes_its_output_and_runs_exit_handlers_first(tmp_path: Path) -> None:
    code = (
        "import atexit, gc, sys; atexit.register(print, 'handled'); "
        "gc.callbacks.append(lambda phase, facts: facts['generation'] == 2 and sys.stderr.write('taken apart')); "
        f"sys.argv = ['inventorum', '--home', {str(tmp_path)!r}, '--help']; "
        "from pipelines.cli import main; main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ended.returncode == 0
    assert ended.stdout.splitlines()[-1] == "handled"
    assert ended.stderr == ""


def test_a_name_in_a_file_that_is_none_of_ours_is_told_with_the_nearest_one(inventorum: Run, tmp_path: Path) -> None:
    (tmp_path / ".dlt").mkdir()
    settings = tmp_path / ".dlt" / "config.toml"
    settings.write_text("[sources.inventorum]\ntime_zone = 'Europe/Vienna'\n[sources.inventorum.orders]\nx = 1\n")
    ended = inventorum("status")

    assert ended.returncode == 2
    assert f"`time_zone` in {settings} is no setting of this program. Do you mean timezone?" in " ".join(
        ended.stderr.split()
    )
