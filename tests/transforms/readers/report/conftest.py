"""Published warehouses to report on, and a real browser to read the page with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from pipelines import run
from pipelines.sandbox import trading
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from tests.support.once import made_once
from transforms.readers.report import ReportWritten, write_report

NOW = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)

# Names that a careless page would run, break on or be turned around by.
NAMES = (
    "<script>window.harmed = true</script>",
    '"><img src=x onerror="window.harmed = true">\' {{ 7*7 }}',
    "</style></svg><b>bold</b> &amp; &lt;",
    "שלום – חולצה ‮ 12345",
    "🧦👩‍👩‍👧‍👦 Socken 🇩🇪",
    "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 6 + " und " + "W" * 40,
    "javascript:alert(1) http://evil.example/x.png",
)

Publish = Callable[[Shop], Path]
Write = Callable[..., ReportWritten]
Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="session")
def publish(tmp_path_factory: pytest.TempPathFactory) -> Publish:
    """Load a shop over HTTP and publish it."""

    def call(shop: Shop, folder: Path | None = None) -> Path:
        files = Files(folder or tmp_path_factory.mktemp("report") / "home")
        with Sandbox(shop) as sandbox:
            settings = Settings(
                files=files,
                base_url=sandbox.base_url,
                login=StaticLogin(sandbox.access_token),
                requests_per_second=1000.0,
            )
            run.sync(settings)
        return files.warehouse

    return call


@pytest.fixture(scope="session")
def busy(publish: Publish, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 400 days that sells on every channel, takes goods back and names its products to harm a page."""
    home = made_once(tmp_path_factory, "busy", lambda folder: _trade(publish, folder))
    return Files(home).warehouse


def _trade(publish: Publish, folder: Path) -> None:
    shop = make_shop(seed=5, orders=700, days=400, end="2026-11-19T15:00:00Z", samples=False)
    for number, name in enumerate(NAMES):
        shop.sell("ipad", [(name, f"{900 + number}.95", 1)], at=f"2026-11-{10 + number}T10:00:00Z")
    late = shop.sell("shop", [("Zelt", "250.00", 1)], at="2026-11-12T10:00:00Z", shipping="4.90")
    odd = shop.sell("ebay", [("Seil", "60.00", 1)], at="2026-11-13T10:00:00Z", invoice="<i>" + "RE-" * 60)
    shop.sell("shop", [("Rucksack", "80.00", 1)], at="2026-11-18T10:00:00Z", paid=False)
    shop.sell("ipad", [("Jacke", "100.00", 2)], at="2026-11-18T11:00:00Z", discount=("percent", "0.1"))
    shop.test_print(at="2026-11-18T08:00:00Z")
    shop.test_print(at="2026-11-18T08:01:00Z")
    publish(shop, folder)
    shop.clock.set("2026-11-20T07:30:00Z")
    shop.refund(odd, at="2026-11-20T07:00:00Z")
    shop.cancel(late, at="2026-11-20T07:00:00Z")
    trading.trade(shop, sales=25, seed=5)
    publish(shop, folder)


@pytest.fixture(scope="session")
def empty(publish: Publish) -> Path:
    """A shop that has not sold anything yet."""
    return publish(Shop(clock=Clock("2026-11-20T15:00:00Z")))


@pytest.fixture(scope="session")
def one_order(publish: Publish) -> Path:
    """A shop on its first day."""
    shop = Shop(clock=Clock("2026-11-20T15:00:00Z"))
    shop.sell("ipad", [("Brezel", "1.20", 3, 7)], at="2026-11-20T09:00:00Z")
    return publish(shop)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the page of a warehouse as it would be written at a fixed moment."""

    def call(published: Path, **options: Any) -> ReportWritten:
        return write_report(published, tmp_path / "report.html", **{"now": NOW} | options)

    return call


def ask(published: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a query gives, times on the shop's clock."""
    with closing(duckdb.connect(str(published), read_only=True)) as connection:
        connection.execute("set TimeZone = 'Europe/Berlin'")
        return connection.execute(sql, list(values)).fetchall()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a written page. At the end no request may have left it and nothing may stand in its console."""
    contexts = []
    requests: list[str] = []
    console: list[str] = []

    def call(path: Path, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        address = path.as_uri()

        def refuse(route: Any) -> None:
            if route.request.url.partition("#")[0] == address:
                route.continue_()
            else:
                requests.append(route.request.url)
                route.abort()

        context.route("**/*", refuse)
        page = context.new_page()
        page.on("console", lambda message: console.append(message.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        page.goto(address)
        return page

    yield call
    for context in contexts:
        context.close()
    assert requests == []
    assert console == []
