"""What the README tells people to type works as printed there."""

from __future__ import annotations

import re
import shlex
import shutil
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
from tests.support.real_command import surroundings

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
# The first two blocks are run by .ci/run in an environment of their own.
COMMANDS = [line for block in BLOCKS[2:] for line in block.splitlines()]
PROGRAMS = {"inventorum": ["-m", "pipelines.cli"], "marimo": ["-m", "marimo"], "python": []}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder in which the demo was made, and the environment of an account."""
    shop = make_shop(seed=1, orders=150, days=20, end=datetime.now(UTC) - timedelta(hours=1))
    with Sandbox(shop) as sandbox:
        folder = tmp_path_factory.mktemp("readme")
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns("__*__"))
        shutil.copyfile(ROOT / ".gitignore", folder / ".gitignore")
        environment = surroundings(sandbox)
        made = call(".venv/bin/inventorum demo --orders 300 --days 60", folder, environment)
        assert made.returncode == 0, made.stderr
        yield folder, environment


def call(line: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(line)
    return subprocess.run(
        [sys.executable, *PROGRAMS[program.removeprefix(".venv/bin/")], *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def files_of_the_repository(folder: Path) -> list[str]:
    """What git would add there."""
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    listed = subprocess.check_output(["git", "ls-files", "--others", "--exclude-standard"], cwd=folder, text=True)
    return sorted(listed.splitlines())


def test_the_first_two_blocks_are_the_whole_set_up() -> None:
    assert BLOCKS[0].splitlines()[0].endswith("-m venv .venv")
    assert BLOCKS[0].splitlines()[-1] == ".venv/bin/inventorum demo"
    assert BLOCKS[1].strip() == ".venv/bin/pytest"
    assert COMMANDS


@pytest.mark.long
def test_every_command_works_in_the_order_in_which_they_stand(checkout: tuple[Path, dict[str, str]]) -> None:
    folder, environment = checkout
    own = files_of_the_repository(folder)
    for line in COMMANDS:
        ended = call(line, folder, environment)

        assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"
        assert ended.stdout.strip() or " --output " in line, line
    assert (folder / "demo" / "returns.html").stat().st_size > 10_000
    assert (folder / "data" / "report.html").exists()
    assert files_of_the_repository(folder) == own, "what they write may name customers"


def test_the_readme_fits_on_a_few_screens_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) <= 150
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / link).exists(), link


def test_the_python_of_the_readers_page_works(checkout: tuple[Path, dict[str, str]]) -> None:
    folder, environment = checkout
    page = (ROOT / "transforms" / "readers" / "README.md").read_text("utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)

    ended = subprocess.run(
        [sys.executable, "-c", f"{program}\nassert len(warehouse.sql('from marts.sales_by_day').fetchall())"],
        cwd=folder,
        env=environment | {"INVENTORUM_HOME": "demo"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr


def test_the_benchmark_shown_is_the_latest():
    page = (ROOT / "tests" / "benchmarks" / "README.md").read_text("utf-8")
    shown = page.partition(BEGIN)[2].partition(END)[0]

    assert shown.lstrip("\n") == (ROOT / "tests" / "benchmarks" / "results" / "table.md").read_text("utf-8")
    assert shown.count("≤") + shown.count("≥") >= 11, "every goal stands beside its figure"


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_what_a_page_tells_to_touch_is_there(page: str) -> None:
    named = re.findall(r"(?:pipelines|transforms|sql|tests|notebooks)/[\w./]*\w", (ROOT / page).read_text("utf-8"))

    assert len(named) > 10
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []
