"""The dictionary page in a real browser: search, keyboard, phone, contrast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from pipelines import run
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from transforms.readers.docs.write import write_docs

pytestmark = pytest.mark.long

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs_page")
    shop = Shop(samples=True)
    with Sandbox(shop) as sandbox:
        login = StaticLogin(sandbox.access_token)
        files = Files(folder / "home")
        run.sync(Settings(files, base_url=sandbox.base_url, login=login, requests_per_second=1000.0))
    write_docs(files.warehouse, folder / "docs")
    return folder / "docs" / "dictionary.html"


@pytest.fixture
def visit(browser: Browser, page_file: Path) -> Iterator[Open]:
    """Open the page. At the end no request may have left it, and nothing may stand in its console."""
    said: list[str] = []
    contexts = []

    def call(anchor: str = "", width: int = 1280, *, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
        page.goto(page_file.as_uri() + anchor)
        return page

    yield call
    for context in contexts:
        context.close()
    assert said == []


def shown(page: Page) -> list[str]:
    """The tables that are to be seen."""
    found: list[str] = page.evaluate("[...document.querySelectorAll('article.table:not([hidden])')].map(a => a.id)")
    return found


@pytest.mark.long
def test_a_word_finds_tables_columns_and_meanings(visit: Open) -> None:
    page = visit()
    everything = shown(page)
    page.fill("#q", "customer EMAIL")

    assert shown(page) == ["core.dim_customer"]
    assert page.inner_text("#hits") == "1 table, 1 column"
    page.fill("#q", "")
    assert shown(page) == everything


@pytest.mark.long
def test_a_member_of_the_order_finds_every_figure_that_rests_on_it(visit: Open) -> None:
    page = visit()
    page.fill("#q", "items[].gross_price")

    assert {"core.fct_order_items", "marts.sales_by_day", "marts.vat_by_month"} <= set(shown(page))
    assert page.is_visible("[id='marts.vat_by_month.gross_amount'] details")
    assert page.is_hidden("[id='marts.vat_by_month.tax_rate']")


def test_nothing_found_says_so(visit: Open) -> None:
    page = visit()
    page.fill("#q", "nosuchword")

    assert page.is_visible("#nothing")
    assert shown(page) == []


@pytest.mark.long
def test_the_keyboard_is_enough(visit: Open) -> None:
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("vat_by_month tax_rate")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") != "q"
    page.keyboard.press("Escape")
    assert page.input_value("#q") == ""


@pytest.mark.long
def test_a_link_to_what_the_search_hides_shows_it(visit: Open) -> None:
    page = visit()
    page.fill("#q", "marts.vat_by_month net_amount")
    page.click("[id='marts.vat_by_month.net_amount'] td.from > a >> nth=0")

    assert page.url.endswith("#ops.fct_daily_vat.net_amount")
    assert page.is_visible("[id='ops.fct_daily_vat.net_amount']")


@pytest.mark.long
@pytest.mark.parametrize("width", [360, 800, 1600])
def test_no_width_scrolls_sideways(width: int, visit: Open) -> None:
    page = visit(width=width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.long
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_accessible(dark: bool, visit: Open) -> None:
    page = visit(dark=dark)
    page.fill("#q", "sales_by_day")  # a part of the page stands for all of it
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

    assert [f"{fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found] == []


@pytest.mark.long
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_diagram_is_readable(dark: bool, visit: Open) -> None:
    page = visit("#diagram", dark=dark)
    found = Axe().run(page, context="#diagram", options={"resultTypes": ["violations"]}).response["violations"]

    assert [fault["id"] for fault in found] == []
    assert page.evaluate("document.querySelector('#diagram svg').getBoundingClientRect().width") > 600
