"""A shop on loopback, an installation in a temporary folder, and the real program between them."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import hypothesis
import pytest

from pipelines import run
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from tests.support import effort
from transforms.runner.publish import STAMP

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.postgres_server import Server

# A shell that starts a job in the background has it ignore Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Machines are shared: how long an example takes says nothing.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Tell the tests, in every process of a run, whether their long forms are wanted (`-m long`, `-m ""`)."""
    if "not long" not in config.getoption("markexpr"):
        os.environ[effort.LONG] = "yes"


def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores: tests wait for servers, programs and disks."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test that is marked `cases(n)` the first n cases always run, the others are long."""
    seen: Counter[str] = Counter()
    for item in items:
        marker = item.get_closest_marker("cases")
        if marker is not None:
            name = item.nodeid.partition("[")[0]
            seen[name] += 1
            if seen[name] > marker.args[0]:
                item.add_marker("long")


Rows = Callable[..., list[tuple[Any, ...]]]
Sync = Callable[..., run.RunReport]


@pytest.fixture
def shop() -> Shop:
    """An empty account whose clock stands at a Sunday evening, unless a test moves it."""
    return Shop(clock=Clock("2026-11-01T18:00:00Z"))


@pytest.fixture
def sandbox(shop: Shop) -> Iterator[Sandbox]:
    """The API of that account."""
    with Sandbox(shop) as sandbox:
        yield sandbox


@pytest.fixture
def settings(tmp_path: Path, sandbox: Sandbox) -> Settings:
    """An installation that points to the sandbox."""
    return Settings(
        files=Files(tmp_path / "home"),
        base_url=sandbox.base_url,
        login=StaticLogin(sandbox.access_token),
        requests_per_second=1000.0,
    )


@pytest.fixture
def sync(settings: Settings) -> Sync:
    """One `inventorum sync`."""
    return lambda **options: run.sync(settings, **options)


@pytest.fixture
def rows(settings: Settings) -> Rows:
    """Ask the published warehouse, or with `raw=True` the landing log."""

    def ask(sql: str, *, raw: bool = False) -> list[tuple[Any, ...]]:
        path = settings.files.landing if raw else settings.files.warehouse
        with closing(duckdb.connect(str(path), read_only=True)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    return ask


@pytest.fixture(scope="session")
def first_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first sync of a shop with one order leaves; to be copied, never changed."""
    files, shop = Files(tmp_path_factory.mktemp("first") / "home"), Shop(clock=Clock("2026-11-01T18:00:00Z"))
    sell_a_wobbler(shop)
    with Sandbox(shop) as sandbox:
        login = StaticLogin(sandbox.access_token)
        assert run.sync(Settings(files, base_url=sandbox.base_url, login=login)).exit_code == 0
    return files.home


@pytest.fixture
def home(first_home: Path, shop: Shop, settings: Settings) -> Path:
    """A home with the shop's one order, published: as if it had been synced, in a hundredth of the time."""
    sell_a_wobbler(shop)
    shutil.copytree(first_home, settings.files.home)
    note = settings.files.work / STAMP  # which file was published last
    there = {"inode": settings.files.warehouse.stat().st_ino}
    note.write_text(json.dumps(json.loads(note.read_text()) | there))
    return settings.files.home


def sell_a_wobbler(shop: Shop) -> None:
    """The one order of `home`."""
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for each process of tests; without it pages cannot be looked at."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"],
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of Debian's packages, one for each process of tests."""
    from tests.support.postgres_server import binaries, running

    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    with running(programs) as started:
        yield started
