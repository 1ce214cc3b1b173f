"""A shop on loopback, an installation in a temporary folder, and the real program between them."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A shell that starts a job in the background has it ignore Ctrl-C, and so would every program that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Machines are shared: how long an example takes says nothing.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Tell the tests, in every process of a run, whether their long forms are wanted (`-m long`, `-m ""`)."""
    if "not long" not in config.getoption("markexpr"):
        os.environ[effort.LONG] = "yes"


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
