"""The documentation of a warehouse: complete, traceable, safe to open, the same in every form."""

from __future__ import annotations

import json
import re
import shutil
import time
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines import run
from pipelines.cli import app
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from transforms.errors import TransformError
from transforms.readers.dictionary import describe
from transforms.readers.docs.columns import Source
from transforms.readers.docs.content import Content, read_content
from transforms.readers.docs.layout import WIDTH, place
from transforms.readers.docs.lineage import Lineage, trace
from transforms.readers.docs.render import FILES, render
from transforms.readers.docs.sql_files import read_metrics, read_samples
from transforms.readers.docs.write import write_docs
from transforms.readers.published import open_published
from transforms.runner.models import sql_folder

SQL = sql_folder()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with a few sales, one of them to a customer."""
    shop = Shop(clock=Clock("2026-11-01T18:00:00Z"))
    shop.add_samples()
    shop.sell("ipad", items=[("Wobbler", "6.99", 10)], at="2026-10-02T10:00Z")
    shop.sell("shop", items=[("Rolle", "69.90", 1)], at="2026-10-03T10:00Z", customer="Erika Mustermann")
    home = tmp_path_factory.mktemp("docs") / "home"
    with Sandbox(shop) as sandbox:
        login = StaticLogin(sandbox.access_token)
        run.sync(Settings(Files(home), base_url=sandbox.base_url, login=login, requests_per_second=1000.0))
    return home


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Path:
    return home / "warehouse.duckdb"


@pytest.fixture(scope="module")
def content(warehouse: Path) -> Content:
    return read_content(warehouse)


@pytest.fixture(scope="module")
def pages(content: Content) -> dict[str, str]:
    return render(content)


@pytest.fixture(scope="module")
def lineage(warehouse: Path) -> Lineage:
    return traced(warehouse, SQL)


def traced(warehouse: Path, sql_dir: Path) -> Lineage:
    return trace(sql_dir, {t.full_name: {c.name: c.type for c in t.columns} for t in describe(warehouse)})


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.elements if attribute in attrs]


# -- lineage -----------------------------------------------------------------------------------------

MEMBER = "raw.orders", "payload"
SOURCES = {
    "a member of the order": (
        "core.fct_order_items",
        "quantity",  # as many as were sold, also where some came back
        {Source(*MEMBER, "basket.items[].quantity"), Source(*MEMBER, "basket.items[].original_quantity")},
    ),
    "a member of a member": ("core.fct_orders", "customer_id", {Source(*MEMBER, "customer.id")}),
    "a column of raw": ("core.fct_order_versions", "load_id", {Source("raw.orders", "_dlt_load_id")}),
    "a seed": ("core.dim_order_state", "label_de", {Source("seeds.order_states", "label_de")}),
    "a table before it": ("marts.vat_by_month", "net_amount", {Source("ops.fct_daily_vat", "net_amount")}),
    "two tables before it": (
        "marts.discounts",
        "discount_amount",
        {Source("core.fct_orders", "discount_amount"), Source("core.fct_order_items", "discount_amount")},
    ),
    "rows that are counted": ("ops.fct_daily_sales", "order_count", {Source("core.fct_orders", "*")}),
    "what is added, not what decides": (
        "ops.fct_daily_sales",
        "gross_amount",
        {Source("core.fct_orders", "items_gross_amount")},
    ),
    "nothing but the SQL": ("marts.discounts", "discount_level", set()),
}


@pytest.mark.parametrize(("table", "column", "sources"), SOURCES.values(), ids=SOURCES)
def test_a_column_is_traced_to(lineage: Lineage, table: str, column: str, sources: set[Source]) -> None:
    assert set(lineage.sources(table, column) or ()) == sources


def test_a_business_date_depends_on_the_settings_that_shift_it(lineage: Lineage) -> None:
    sources = set(lineage.sources("core.fct_orders", "business_date") or ())

    assert {Source("setting", "timezone"), Source("setting", "day_starts_at")} <= sources
    assert {Source(*MEMBER, "completed_at"), Source(*MEMBER, "time_added")} <= sources


def test_the_turnover_of_a_report_rests_on_the_prices_that_the_api_sent(lineage: Lineage) -> None:
    origins = set(lineage.origins("marts.sales_by_day", "gross_amount") or ())

    assert Source(*MEMBER, "basket.items[].gross_price") in origins
    assert all(source.table in ("raw.orders", "setting") for source in origins)


@pytest.mark.long
def test_every_column_that_sql_makes_is_traced(content: Content) -> None:
    untraced = [
        f"{entry.table.full_name}.{column.name}"
        for entry in content.tables
        if entry.sql
        for column in entry.columns
        if column.sources is None
    ]

    assert untraced == []


def test_the_keys_of_the_runner_are_no_content(lineage: Lineage) -> None:
    assert lineage.reads("marts.vat_by_month") == ("ops.fct_daily_vat",)
    assert lineage.reads("marts.refunds") == ("core.fct_orders",)  # not increments.affected_dates
    assert "marts.vat_by_month" in lineage.feeds("ops.fct_daily_vat")


BROKEN = {
    "a file that cannot be parsed": "-- rebuild: full\nselect from where ((",
    "no SELECT at all": "-- rebuild: full\ndrop table core.fct_orders",
    "an empty file": "",
    "a table nobody knows": "-- rebuild: full\nselect gross_amount from nowhere.x, other.y",
    "a star over two unknown tables": "-- rebuild: full\nselect * from nowhere.thing, other.thing",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_else_is_traced_does_not_suffer_from(text: str, warehouse: Path, tmp_path: Path) -> None:
    for folder, name in (("ops", "fct_daily_vat"), ("marts", "vat_by_month")):
        (tmp_path / folder).mkdir()
        shutil.copy(SQL / folder / f"{name}.sql", tmp_path / folder)
    (tmp_path / "ops" / "fct_daily_sales.sql").write_text(text)

    lineage = traced(warehouse, tmp_path)

    assert lineage.sources("ops.fct_daily_sales", "gross_amount") is None
    assert lineage.sources("marts.vat_by_month", "net_amount") == (Source("ops.fct_daily_vat", "net_amount"),)


def test_a_table_whose_sql_is_missing_is_still_described(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()

    content = read_content(warehouse, tmp_path / "sql")

    assert {entry.table.full_name for entry in content.tables} >= {"core.fct_orders", "marts.sales_by_day"}
    assert all(column.sources is None for entry in content.tables for column in entry.columns)
    assert render(content)["dictionary.md"]


# -- page --------------------------------------------------------------------------------------------


def test_the_page_has_every_table_and_every_column(content: Content, pages: dict[str, str]) -> None:
    ids = Page(pages["dictionary.html"]).all("id")
    named = [entry.table.full_name for entry in content.tables]
    named += [f"{entry.table.full_name}.{column.name}" for entry in content.tables for column in entry.columns]

    assert set(named) <= set(ids)
    assert len(ids) == len(set(ids))


def test_every_link_of_the_page_leads_somewhere_in_it(pages: dict[str, str]) -> None:
    page = Page(pages["dictionary.html"])
    targets = page.all("href")

    assert [target for target in targets if not target.startswith("#")] == []
    assert {target[1:] for target in targets} <= set(page.all("id"))


def test_the_page_needs_no_network(pages: dict[str, str]) -> None:
    page = Page(pages["dictionary.html"])
    policy = next(attrs["content"] for tag, attrs in page.elements if attrs.get("http-equiv"))

    assert page.all("src") == []
    assert [tag for tag, _ in page.elements if tag in ("link", "img", "iframe", "object", "base", "form")] == []
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"@import|url\(", pages["dictionary.html"].split("</head>")[0])


def test_the_page_names_nobody(pages: dict[str, str]) -> None:
    assert all("Mustermann" not in text for text in pages.values())


@pytest.mark.long
def test_what_stands_in_a_comment_cannot_run(warehouse: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile.duckdb"
    shutil.copy(warehouse, hostile)
    attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)> | `<b>` {{ 7 * 7 }}"
    with closing(duckdb.connect(hostile)) as connection:
        connection.execute(f"comment on table core.fct_orders is '{attack}'")
        connection.execute(f"comment on column core.fct_orders.state is '{attack}'")

    pages = render(read_content(hostile))

    page = Page(pages["dictionary.html"])
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert [attrs for _, attrs in page.elements if any(name.startswith("on") for name in attrs)] == []
    assert "img" not in [tag for tag, _ in page.elements]
    assert "49" not in re.findall(r"onerror=alert\(2\)\S* \S* \S* (\S+)", pages["dictionary.html"])
    assert "<script" not in pages["dictionary.md"]


def test_the_markdown_tables_keep_their_columns(pages: dict[str, str]) -> None:
    rows = [line for line in pages["dictionary.md"].splitlines() if line.startswith("|")]

    assert len(rows) > 500
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


# -- diagram -----------------------------------------------------------------------------------------

RELATIONS = {
    ("fct_orders", "customer_id", "dim_customer"),
    ("fct_orders", "billing_address_id", "dim_address"),
    ("fct_orders", "shipping_address_id", "dim_address"),
    ("fct_orders", "business_date", "dim_date"),
    ("fct_order_items", "order_id", "fct_orders"),
    ("fct_order_items", "product_id", "dim_product"),
    ("fct_order_vat", "tax_rate", "dim_tax_rate"),
    ("fct_payments", "payment_method", "dim_payment_method"),
    ("fct_shipments", "service_id", "dim_shipping_service"),
    ("bridge_order_states", "state_bit", "dim_order_state"),
}


def test_the_relations_follow_from_the_keys(content: Content) -> None:
    found = {(relation.table, relation.column, relation.home) for relation in content.relations}

    assert found >= RELATIONS
    assert ("fct_payments", "external_payment_method", "dim_payment_method") not in found
    assert all(home.startswith("dim_") or home in ("fct_orders", "fct_loads") for _, _, home in found)


def test_the_picture_is_well_formed_and_shows_every_core_table(content: Content, pages: dict[str, str]) -> None:
    root = ElementTree.fromstring(pages["erd.svg"])
    texts = {(node.text or "") for node in root.iter("{http://www.w3.org/2000/svg}text")}

    assert {table.name for table in content.star} <= texts


def test_no_box_of_the_picture_covers_another(content: Content) -> None:
    drawing = place(content.star, content.relations)
    columns: dict[float, list[tuple[float, float]]] = {}
    for box in drawing.boxes:
        columns.setdefault(box.x, []).append((box.y, box.y + box.height))

    assert all(below[0] > above[1] for column in columns.values() for above, below in pairwise(sorted(column)))
    assert all(right - left > WIDTH for left, right in pairwise(sorted(columns)))
    assert all(box.y + box.height <= drawing.height and box.x + WIDTH <= drawing.width for box in drawing.boxes)


def test_every_relation_has_its_line(content: Content) -> None:
    drawing = place(content.star, content.relations)

    assert sum(len(wire.ends) for wire in drawing.wires) == len(content.relations)


def test_a_picture_of_one_table_is_possible(content: Content) -> None:
    only = [table for table in content.star if table.name == "dim_date"]

    assert [box.table.name for box in place(only, []).boxes] == ["dim_date"]


def test_the_mermaid_text_keeps_to_its_grammar(content: Content, pages: dict[str, str]) -> None:
    first, *lines = pages["erd.mmd"].splitlines()
    grammar = re.compile(
        r' {4}(\w+ (\|\||\|o)--(o\||o\{) \w+ : "\w+"|\w+ \{|\}| {4}[a-z][a-z0-9_]* \w+ (PK|FK)(, FK)?)'
    )

    assert first == "erDiagram"
    assert [line for line in lines if not grammar.fullmatch(line)] == []
    assert sum("--" in line for line in lines) == len(content.relations)


# -- metrics and samples -----------------------------------------------------------------------------


@pytest.mark.parametrize("metric", [pytest.param(metric, id=metric.name) for metric in read_metrics(SQL)])
def test_a_metric_is_defined_and_runs(metric: Any, warehouse: Path) -> None:
    with closing(open_published(warehouse)) as connection:
        types = [column[1] for column in connection.execute(metric.sql).description]

    assert all((metric.title, metric.definition, metric.unit, metric.date_basis))
    assert metric.table in metric.sql
    assert all("DOUBLE" not in str(kind) for kind in types)


@pytest.mark.long
def test_every_sample_query_stands_on_the_page(pages: dict[str, str]) -> None:
    samples = read_samples(SQL)

    assert len(samples) >= 15
    for sample in samples:
        assert sample.question.endswith("?")
        assert f"## {sample.question}\n" in pages["samples.md"]
        assert sample.statement in pages["samples.md"]
        assert sample.name in Page(pages["dictionary.html"]).all("id")


# -- commands ----------------------------------------------------------------------------------------


@pytest.mark.long
def test_docs_writes_all_its_files_quickly(home: Path, tmp_path: Path) -> None:
    began = time.process_time()
    result = CliRunner().invoke(app, ["--home", str(home), "docs", "-o", str(tmp_path / "handbook"), "--json"])

    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "handbook").iterdir()} == set(FILES)
    assert json.loads(result.stdout)["untraced"] == []
    assert time.process_time() - began < 20


@pytest.mark.long
def test_docs_writes_the_same_again(warehouse: Path, pages: dict[str, str]) -> None:
    assert render(read_content(warehouse)) == pages


@pytest.mark.long
def test_docs_where_a_file_stands_in_the_way_says_so_and_leaves_it(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("mine")

    with pytest.raises(TransformError, match="docs"):
        write_docs(warehouse, tmp_path / "docs")

    assert (tmp_path / "docs").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_docs_before_anything_is_published_says_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--home", str(tmp_path), "docs"])

    assert result.exit_code == 1
    assert "inventorum sync" in " ".join(result.stderr.split())
    assert list(tmp_path.iterdir()) == []


def test_tables_shows_grain_key_questions_and_where_a_column_comes_from(home: Path) -> None:
    result = CliRunner().invoke(app, ["--home", str(home), "tables", "marts.vat_by_month"], env={"COLUMNS": "200"})

    assert result.exit_code == 0
    for said in (
        "Grain",
        "account, month, tax_rate, channel",
        "?",
        "ops.fct_daily_vat",
        "<- fct_daily_vat.net_amount",
    ):
        assert said in result.stdout


def test_tables_as_json_keeps_what_the_catalogue_says_and_adds_the_sources(home: Path) -> None:
    result = CliRunner().invoke(app, ["--home", str(home), "tables", "vat_by_month", "--json"])
    (table,) = json.loads(result.stdout)

    assert table["key"] == ["account", "month", "tax_rate", "channel"]
    assert len(table["questions"]) >= 2
    assert {"name": "net_amount", "sources": ["fct_daily_vat.net_amount"]}.items() <= {
        **{column["name"]: column for column in table["columns"]}["net_amount"]
    }.items()


def test_the_settings_that_shape_figures_stand_on_the_page(content: Content) -> None:
    page = render(replace(content, rules={"timezone": "Europe/Vienna"}))["dictionary.html"]

    assert "Europe/Vienna" in page
