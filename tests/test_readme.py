"""What the README tells people to type works as printed there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from tests import ROOT
from tests.benchmarks.table import BEGIN, END

BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
# The first two blocks are run by .ci/run in an environment of their own.
COMMANDS = [line for block in BLOCKS[2:] for line in block.splitlines() if line.startswith("inventorum ")]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with a loaded warehouse, and the environment of the account that it came from."""
    shop = make_shop(seed=1, orders=150, days=20, end=datetime.now(UTC) - timedelta(hours=1))
    with Sandbox(shop) as sandbox:
        folder = tmp_path_factory.mktemp("readme")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SOURCES__")} | {
            "SOURCES__INVENTORUM__BASE_URL": sandbox.base_url,
            "SOURCES__INVENTORUM__ACCESS_TOKEN": sandbox.access_token,
            "SOURCES__INVENTORUM__REQUESTS_PER_SECOND": "1000",
            "PYTHONPATH": str(ROOT),
        }
        ended = call("inventorum sync", folder, environment)
        assert ended.returncode == 0, ended.stderr
        yield folder, environment


def call(line: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    arguments = shlex.split(line)[1:]
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_first_two_blocks_are_the_whole_set_up() -> None:
    assert BLOCKS[0].splitlines()[0].endswith("-m venv .venv")
    assert BLOCKS[0].splitlines()[-1] == ".venv/bin/inventorum demo"
    assert BLOCKS[1].strip() == ".venv/bin/pytest"
    assert COMMANDS


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_readme_works(line: str, account: tuple[Path, dict[str, str]]) -> None:
    folder, environment = account
    ended = call(line, folder, environment)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.strip()


def test_the_python_of_the_readme_works(account: tuple[Path, dict[str, str]]) -> None:
    folder, environment = account
    (program,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)

    ended = subprocess.run(
        [sys.executable, "-c", f"{program}\nassert len(warehouse.sql('from marts.sales_by_day').fetchall())"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr


def test_the_benchmark_shown_is_the_latest():
    shown = (ROOT / "README.md").read_text("utf-8").partition(BEGIN)[2].partition(END)[0]

    assert shown.lstrip("\n") == (ROOT / "tests" / "benchmarks" / "results" / "table.md").read_text("utf-8")
    assert shown.count("≤") + shown.count("≥") >= 11, "every goal stands beside its figure"
