"""The page as a file: what it says, what it must not contain, and how it is written."""

from __future__ import annotations

import re
import stat
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import duckdb
import pytest

from tests import ROOT
from tests.transforms.readers.report.conftest import ask
from transforms.errors import TransformError
from transforms.readers.report import write_report
from transforms.readers.report.render import NOTES

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Outline(HTMLParser):
    """Tags, ids and links of a page; fails where tags are not closed as they were opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def values(self, name: str) -> list[str]:
        return [value for _, key, value in self.attributes if key == name]


@pytest.fixture(scope="module")
def pages(busy, empty, one_order, tmp_path_factory):
    """Language and shop to the page's text."""
    folder = tmp_path_factory.mktemp("pages")
    return {
        (lang, name): write_report(path, folder / f"{name}-{lang}.html", lang=lang).path.read_text("utf-8")
        for lang in ("de", "en")
        for name, path in (("busy", busy), ("empty", empty), ("one order", one_order))
    }


@pytest.fixture(params=[(lang, name) for lang in ("de", "en") for name in ("busy", "empty", "one order")], ids=str)
def html(pages, request):
    return pages[request.param]


def test_the_page_is_well_formed_and_its_ids_are_unique(html):
    outline = Outline(html)
    ids = outline.values("id")

    assert len(ids) == len(set(ids))


def test_every_link_leads_to_a_place_on_the_page(html):
    outline = Outline(html)
    targets = {value[1:] for tag, name, value in outline.attributes if tag == "a" and name == "href"}

    assert targets <= set(outline.values("id"))
    labels = {part for name in ("aria-labelledby", "aria-describedby") for part in outline.values(name)}
    assert labels <= set(outline.values("id"))


def test_the_page_has_no_script_and_names_no_other_place(html):
    outline = Outline(html)

    assert "script" not in outline.tags
    assert not outline.tags & {"img", "iframe", "object", "embed", "form", "base"}
    assert not [name for _, name, _ in outline.attributes if name.startswith("on")]
    assert all(value.startswith(("#", "data:,")) for value in outline.values("href"))
    assert outline.values("src") == []
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html


def test_every_figure_has_its_note_with_formula_and_table(html, busy):
    outline = Outline(html)
    notes = [value for value in outline.values("id") if value.startswith("note-")]
    tables = {
        name
        for (name,) in ask(
            busy,
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_schema in ('marts', 'ops')",
        )
    }

    assert {f"ref-{name.removeprefix('note-')}" for name in notes} <= set(outline.values("id"))
    assert {table for named in NOTES.values() for table in named} <= tables
    assert re.findall(r"<code>(.*?)</code>", html)


def test_names_that_would_harm_a_page_are_shown_as_they_are(pages):
    for lang in ("de", "en"):
        page = pages[lang, "busy"]

        assert "<script" not in page
        assert "&lt;script&gt;window.harmed = true&lt;/script&gt;" in page
        assert "&lt;/style&gt;&lt;/svg&gt;&lt;b&gt;bold" in page
        assert "{{ 7*7 }}" in page
        assert "\u202e" not in page
        assert "👩‍👩‍👧‍👦" in page


def test_a_shop_without_orders_gets_a_page_that_says_so(pages):
    assert "Dieses Datenlager enthält noch keine Bestellungen" in pages["de", "empty"]
    assert "This warehouse holds no orders yet" in pages["en", "empty"]
    for lang in ("de", "en"):
        assert "<svg" not in pages[lang, "empty"]


def test_a_shop_on_its_first_day_has_nothing_to_compare_with(pages):
    german, english = pages["de", "one order"], pages["en", "one order"]

    assert german.count("keine Daten</span>") == 16  # eight figures, two periods each
    assert english.count("no data</span>") == 16
    assert "▲" not in german
    assert "Die Daten beginnen erst am 20.11.2026" in german


def test_a_period_before_that_is_covered_in_part_is_not_compared(busy, write):
    [(first,)] = ask(busy, "select min(business_date) from marts.sales_by_day")
    page = write(busy, start=date(first.year, first.month + 1, 1), end=date(first.year, first.month + 2, 28))

    assert "unvollständig: Daten erst ab" in page.path.read_text("utf-8")


def test_without_dates_the_page_shows_thirty_days_up_to_the_data(busy, write):
    written = write(busy)

    assert (written.start, written.end) == (date(2026, 10, 22), date(2026, 11, 20))
    [(clock,)] = ask(busy, "select strftime(max(known_until), '%H:%M') from marts.freshness")
    notice = f"Der 20.11.2026 ist noch nicht zu Ende: Seine Zahlen reichen bis {clock}\u00a0Uhr."
    assert notice in written.path.read_text("utf-8")


def test_a_period_outside_the_data_is_called_that(busy, write):
    early = write(busy, start=date(2019, 1, 1), end=date(2019, 1, 31)).path.read_text("utf-8")
    assert "Für diesen Zeitraum gibt es keine Daten" in early

    late = write(busy, start=date(2030, 1, 1)).path.read_text("utf-8")
    assert "Für diesen Zeitraum gibt es keine Daten" in late


def test_a_long_period_shows_weeks_instead_of_days(busy, write):
    page = write(busy, start=date(2026, 1, 1), end=date(2026, 11, 20)).path.read_text("utf-8")

    assert 'id="weeks-table"' in page
    assert 'id="days-table"' not in page
    Outline(page)


@pytest.mark.long
def test_codes_that_nobody_named_are_shown_as_they_are(publish, write):
    from pipelines.sandbox.clock import Clock
    from pipelines.sandbox.shop import Shop

    shop = Shop(clock=Clock("2026-11-20T15:00:00Z"))
    shop.sell("ipad", [("Buch", "10.00", 1, 7)], at="2026-11-20T09:00:00Z", payments=[("42", "10.00")])
    page = write(publish(shop)).path.read_text("utf-8")

    assert "Zahlungsart 42" in page
    assert "Zahlungsart ohne bekannten Namen" in page


def test_the_page_replaces_the_old_one_at_once_and_is_private(busy, write, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old")
    target.chmod(0o644)

    written = write(busy, lang="en", title="Shop <1>")

    assert written.path == target
    assert written.bytes == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert "<h1>Shop &lt;1&gt;</h1>" in target.read_text("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_page_that_cannot_be_written_leaves_nothing_behind(busy, tmp_path):
    with pytest.raises(TransformError, match="could not be written"):
        write_report(busy, tmp_path / "missing" / "report.html")

    assert list(tmp_path.iterdir()) == []


def test_without_a_warehouse_the_message_names_the_next_step(tmp_path):
    with pytest.raises(TransformError, match="inventorum sync"):
        write_report(tmp_path / "warehouse.duckdb", tmp_path / "report.html")


def test_a_warehouse_without_the_marts_is_refused(tmp_path):
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema ops")
        connection.execute("create table ops.meta (key varchar, value varchar)")

    with pytest.raises(TransformError, match="inventorum build"):
        write_report(tmp_path / "warehouse.duckdb", tmp_path / "report.html")


def test_a_period_that_ends_before_it_begins_is_refused(busy, tmp_path):
    with pytest.raises(TransformError, match="before it begins"):
        write_report(busy, tmp_path / "report.html", start=date(2026, 2, 1), end=date(2026, 1, 1))


def test_the_page_is_small_enough_to_send(busy, write):
    assert write(busy).bytes < 600_000


def test_the_page_reads_marts_the_hours_and_the_names_of_payment_methods_only():
    folder = ROOT / "transforms" / "readers" / "report"
    for path in folder.glob("*.py"):
        text = re.sub(r"ops\.sales_by_day_and_hour|core\.dim_payment_method", "", path.read_text("utf-8"))
        assert not re.search(r"\b(core|staging|raw|ops)\.[a-z_]+", text), path


def test_months_show_the_vat_of_the_mart(busy, write):
    page = write(busy, start=date(2026, 11, 1), end=date(2026, 11, 20), lang="en").path.read_text("utf-8")
    block = re.search(r'data-month="2026-11-01">(.*?)</tbody>', page, re.DOTALL)
    assert block is not None
    shown = [Decimal(value) for value in re.findall(r'<data value="([^"]+)"', block[1])]

    rates = ask(
        busy,
        "select sum(net_amount), sum(vat_amount), sum(gross_amount) from marts.vat_return "
        "where month = date '2026-11-01' group by tax_rate order by tax_rate desc",
    )
    total = [sum(column) for column in zip(*rates, strict=True)]
    assert shown == [amount for row in rates for amount in row] + total
