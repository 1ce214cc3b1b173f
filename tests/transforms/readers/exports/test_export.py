"""Exports, each opened by another program than the one that wrote it."""

from __future__ import annotations

import csv
import json
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import fsspec
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from pipelines import run
from pipelines.commands.export import export_csv
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from tests.support.real_command import surroundings
from transforms.errors import TransformError
from transforms.readers.exports import excel_file
from transforms.readers.exports.cells import german, harmless, international
from transforms.readers.exports.delta import export_delta
from transforms.readers.exports.errors import ExportFailed, ExportRefused
from transforms.readers.exports.selection import Period
from transforms.readers.exports.store import export_to_store
from transforms.readers.exports.tables import ExportReport, export_tables

RISKY = ['=HYPERLINK("http://evil.example","x")', "+49 30 123", "-5 % auf alles", "@SUM(A1)", " =1+1", "Tüte; groß"]
Export = Callable[..., ExportReport]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A published warehouse of a shop whose products are named to harm spreadsheets."""
    shop = Shop(clock=Clock("2026-11-03T20:00:00Z"))
    for number, name in enumerate(RISKY):
        shop.sell("ipad", [(name, f"{number + 1}.99", 3)], at=f"2026-10-{20 + number}T10:00:00Z")
    shop.sell(
        "shop", [("Bread", "1234567.05", 2, 7)], at="2026-11-02T22:59:00Z", customer="Käthe Groß", shipping="4.90"
    )
    home = Files(tmp_path_factory.mktemp("exports") / "home")
    with Sandbox(shop) as sandbox:
        run.sync(Settings(files=home, base_url=sandbox.base_url, login=StaticLogin(sandbox.access_token)))
    return home.warehouse


@pytest.fixture
def export(warehouse: Path, tmp_path: Path) -> Export:
    """`export_tables` into a folder of this test."""

    def call(form: Any, *names: str, output: Path | None = None, **options: Any) -> ExportReport:
        return export_tables(warehouse, form, output or tmp_path / "out", names=names, **options)

    return call


@pytest.fixture
def ask(warehouse: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    """Rows of the warehouse."""

    def call(sql: str) -> list[tuple[Any, ...]]:
        with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
            return connection.execute(sql).fetchall()

    return call


def read_csv(path: Path, **form: Any) -> list[dict[str, str]]:
    encoding = form.pop("encoding", "utf-8")
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file, **form))


def sheet_rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    rows = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    header = [str(name) for name in next(rows)]
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.cases(1)
@pytest.mark.parametrize("form", ["csv", "csv-german", "parquet", "xlsx"])
def test_every_mart_is_exported_with_all_its_rows(form: str, export: Export, ask: Any) -> None:
    marts = {name for (name,) in ask("select table_name from information_schema.tables where table_schema = 'marts'")}

    report = export(form)

    exported = [name for written in report.files for name in written.tables]
    assert sorted(exported) == sorted(marts)
    assert sum(written.rows for written in report.files) == sum(
        ask(f"select count(*) from marts.{name}")[0][0] for name in marts
    )
    for written in report.files:
        assert written.path.stat().st_size == written.bytes
        assert stat.S_IMODE(written.path.stat().st_mode) == 0o600


def test_csv_keeps_every_cent_and_every_letter(export: Export, ask: Any) -> None:
    (written,) = export("csv", "sales_by_product").files

    rows = read_csv(written.path)

    expected = {
        harmless(name): amount for name, amount in ask("select product_name, gross_amount from marts.sales_by_product")
    }
    assert {row["product_name"]: Decimal(row["gross_amount"]) for row in rows} == expected
    assert written.path.read_bytes().count(b"\r") == 0
    assert {row["first_sold_date"] for row in rows} >= {"2026-10-20", "2026-11-02"}


def test_german_csv_reads_as_german_excel_reads_it(export: Export, ask: Any) -> None:
    (written,) = export("csv-german", "sales_by_product").files

    content = written.path.read_bytes()
    rows = read_csv(written.path, encoding="utf-8-sig", delimiter=";")

    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\n") == content.count(b"\r\n") == len(rows) + 1
    amounts = sorted(Decimal(row["gross_amount"].replace(",", ".")) for row in rows)
    assert amounts == [amount for (amount,) in ask("select gross_amount from marts.sales_by_product order by 1")]
    assert "02.11.2026" in {row["last_sold_date"] for row in rows}
    assert "Tüte; groß" in {row["product_name"] for row in rows}


def test_times_in_csv_are_on_the_shops_clocks(export: Export) -> None:
    (written,) = export("csv", "core.fct_orders").files

    late = [row for row in read_csv(written.path) if row["channel"] == "shop"]

    assert late[0]["ordered_at"] == "2026-11-02T23:59:00+01:00"


def test_text_that_begins_like_a_formula_is_harmless_in_csv(export: Export) -> None:
    (written,) = export("csv", "core.dim_product").files

    names = {row["product_name"] for row in read_csv(written.path)}

    assert {f"'{name}" for name in RISKY[:5]} <= names
    assert not any(name.lstrip().startswith(("=", "+", "-", "@")) for name in names)


def test_excel_holds_real_numbers_dates_and_texts(export: Export, ask: Any) -> None:
    (written,) = export("xlsx").files

    products = {row["product_name"]: row for row in sheet_rows(written.path, "sales_by_product")}

    for name, amount, first in ask("select product_name, gross_amount, first_sold_date from marts.sales_by_product"):
        row = products[name]  # exactly as it is, formula or not
        assert Decimal(str(row["gross_amount"])) == amount
        assert row["first_sold_date"] == datetime(first.year, first.month, first.day)


def test_excel_takes_no_text_for_a_formula(export: Export) -> None:
    (written,) = export("xlsx").files

    cells = [
        cell
        for sheet in openpyxl.load_workbook(written.path)
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.lstrip().startswith(("=", "+", "-", "@"))
    ]

    assert cells
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert all(cell.quotePrefix for cell in cells if cell.parent.title != "about")


def test_excel_sheets_have_a_frozen_filtered_header_and_euros(export: Export) -> None:
    (written,) = export("xlsx").files

    book = openpyxl.load_workbook(written.path)
    sheet = book["sales_by_day"]
    amount = next(cell.column_letter for cell in sheet[1] if cell.value == "gross_amount")
    day = next(cell.column_letter for cell in sheet[1] if cell.value == "business_date")

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions
    assert "€" in sheet[f"{amount}2"].number_format
    assert sheet[f"{day}2"].is_date
    assert sheet.column_dimensions[amount].width > 10


def test_the_first_sheet_says_what_the_others_hold(export: Export) -> None:
    (written,) = export("xlsx", period=Period(date(2026, 10, 1), date(2026, 10, 31)), currency="CHF").files

    book = openpyxl.load_workbook(written.path)
    said = [str(cell) for row in book["about"].iter_rows(values_only=True) for cell in row if cell is not None]

    assert book.sheetnames[0] == "about"
    assert {"2026-10-01 to 2026-10-31", "CHF", "business_date", "sales_by_day"} <= set(said)
    formats = {cell.value: book["sales_by_day"].cell(2, cell.column).number_format for cell in book["sales_by_day"][1]}
    assert "CHF" in formats["gross_amount"]
    for sheet in book.sheetnames[1:]:
        header = [cell.value for cell in book[sheet][1]]
        assert set(header) <= set(said)


def test_parquet_keeps_decimals_and_meanings(export: Export, ask: Any) -> None:
    report = export("parquet", "vat_by_month", "core.fct_orders")
    by_name = {written.path.name: pq.read_table(written.path) for written in report.files}

    vat = by_name["vat_by_month.parquet"]
    assert str(vat.schema.field("gross_amount").type) == "decimal128(18, 2)"
    assert vat.schema.field("gross_amount").metadata[b"description"]
    assert sum(vat["gross_amount"].to_pylist()) == ask("select sum(gross_amount) from marts.vat_by_month")[0][0]
    orders = by_name["core.fct_orders.parquet"]
    assert orders.schema.field("ordered_at").type.tz == "UTC"


def test_the_period_limits_tables_that_have_one(export: Export) -> None:
    report = export("csv", "sales_by_day", "vat_by_month", "customers", period=Period(end=date(2026, 10, 31)))
    rows = {written.path.stem: read_csv(written.path) for written in report.files}

    assert {row["business_date"][:7] for row in rows["sales_by_day"]} == {"2026-10"}
    assert {row["month"] for row in rows["vat_by_month"]} == {"2026-10-01"}
    assert rows["customers"]
    assert any("Not limited" in note and "customers" in note for note in report.notes)


def test_exporting_twice_gives_the_same_bytes(export: Export) -> None:
    first = [written.path.read_bytes() for written in export("csv").files]

    assert [written.path.read_bytes() for written in export("csv").files] == first


def test_who_gets_personal_data_is_told(export: Export) -> None:
    assert any("Personal data" in note and "customers" in note for note in export("csv").notes)
    assert export("csv", "sales_by_day").notes == []


def test_a_table_too_long_for_a_sheet_is_refused_and_nothing_is_replaced(
    export: Export, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (before,) = export("xlsx").files
    content = before.path.read_bytes()
    monkeypatch.setattr(excel_file, "MOST_ROWS", 3)

    with pytest.raises(ExportRefused, match="Limit the days with --from"):
        export("xlsx")

    assert before.path.read_bytes() == content
    assert [path.name for path in before.path.parent.iterdir()] == ["inventorum.xlsx"]


REFUSED = {
    "an unknown table": ({"names": ("sales_by_dy",)}, ExportRefused, "no table sales_by_dy"),
    "two tables for one file": ({"names": ("cohorts", "refunds"), "suffix": ".csv"}, ExportRefused, "one file, but 2"),
}


@pytest.mark.parametrize(("options", "error", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_exported_is_named(
    options: dict[str, Any], error: type[TransformError], said: str, export: Export, tmp_path: Path
) -> None:
    with pytest.raises(error, match=said):
        export("csv", *options["names"], output=tmp_path / f"x{options.get('suffix', '')}")

    assert list(tmp_path.rglob("*")) == []


def test_a_file_in_the_way_of_the_folder_is_named(export: Export, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")

    with pytest.raises(ExportFailed, match="could not be written"):
        export("csv")

    assert (tmp_path / "out").read_text() == "mine"


def test_a_period_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ExportRefused, match="is after"):
        Period(date(2026, 11, 2), date(2026, 11, 1))


def test_a_url_gets_the_files_that_a_folder_would(export: Export, tmp_path: Path) -> None:
    plain = export("parquet", "sales_by_day", "refunds")
    names = ["refunds.parquet", "sales_by_day.parquet"]

    for _ in range(2):  # the second time they stand there already
        report = export_to_store(
            f"file://{tmp_path}/store/", lambda place: export("parquet", "sales_by_day", "refunds", output=place)
        )

    assert [written.path for written in report.files] == [f"file://{tmp_path}/store/{name}" for name in names]
    assert {path.name: path.read_bytes() for path in (tmp_path / "store").iterdir()} == {
        Path(written.path).name: Path(written.path).read_bytes() for written in plain.files
    }


def test_a_url_of_a_file_gets_one_table(export: Export) -> None:
    report = export_to_store(
        "memory://bucket/orders.parquet", lambda place: export("parquet", "core.fct_orders", output=place)
    )

    with fsspec.open("memory://bucket/orders.parquet") as file:
        assert pq.read_table(file).num_rows == report.files[0].rows > 0
    assert report.files[0].path == "memory://bucket/orders.parquet"


class SmallStore(MemoryFileSystem):  # type: ignore[misc]
    """An object store that has room for one file more."""

    protocol = "small"
    store: dict[str, Any] = {}
    pseudo_dirs = [""]

    def put_file(self, source: str, target: str, **options: Any) -> None:
        if len(self.store) > 1:
            raise PermissionError("the quota of me with s3cret is used up")
        super().put_file(source, target, **options)


def test_a_store_that_refuses_a_file_keeps_what_it_had(export: Export) -> None:
    fsspec.register_implementation("small", SmallStore, clobber=True)
    SmallStore().pipe_file("/me:s3cret@bucket/refunds.parquet", b"of before")

    with pytest.raises(ExportFailed, match=r"small://bucket did not take the files: the quota of me with \*"):
        export_to_store(
            "small://me:s3cret@bucket", lambda place: export("parquet", "refunds", "sales_by_day", output=place)
        )

    assert SmallStore().find("") == ["/me:s3cret@bucket/refunds.parquet"]
    assert SmallStore().cat_file("/me:s3cret@bucket/refunds.parquet") == b"of before"


@pytest.mark.parametrize(
    ("url", "words"),
    [("nowhere://me:s3cret@bucket/x", "Protocol not known"), ("sftp://me:s3cret@host/x", "cannot be reached")],
)
def test_a_url_that_nothing_reaches_is_refused_without_its_login(export: Export, url: str, words: str) -> None:
    with pytest.raises(ExportRefused, match=words) as refused:
        export_to_store(url, lambda place: export("parquet", output=place))

    assert "s3cret" not in str(refused.value)


def test_delta_tables_hold_the_rows_and_get_a_version_only_for_news(warehouse: Path, tmp_path: Path) -> None:
    names = ["core.fct_orders", "sales_by_product"]
    lake, copy = str(tmp_path / "lake"), Path(shutil.copy(warehouse, tmp_path / "copy.duckdb"))
    first = export_delta(copy, lake, names=names)
    again = export_delta(copy, lake, names=names)
    before = deltalake.DeltaTable(f"{lake}/core/fct_orders")
    with closing(duckdb.connect(str(copy))) as connection:
        connection.execute("update core.fct_orders set items_gross_amount = 0.01 where order_id = "
                           "(select min(order_id) from core.fct_orders)")  # fmt: skip
        expected = connection.sql("from core.fct_orders order by order_id").to_arrow_table()
    third = export_delta(copy, lake, names=names)

    assert [(one.table, one.is_new, one.version) for one in (*first, *again, *third)] == [
        ("marts.sales_by_product", True, 0), ("core.fct_orders", True, 0),
        ("marts.sales_by_product", False, 0), ("core.fct_orders", False, 0),
        ("marts.sales_by_product", False, 0), ("core.fct_orders", True, 1),
    ]  # fmt: skip
    table = deltalake.DeltaTable(f"{lake}/core/fct_orders")
    rows = pa.table(table.to_pyarrow_table()).sort_by("order_id").cast(expected.schema)
    assert rows.equals(expected)
    assert Decimal("0.01") not in before.to_pyarrow_table()["items_gross_amount"].to_pylist()
    comments = {field.name: field.metadata.get("comment") for field in table.schema().fields}
    assert comments["order_id"]
    assert table.metadata().name == "core.fct_orders"


def test_what_lies_in_the_place_of_a_delta_table_is_refused(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "lake" / "core" / "fct_orders").mkdir(parents=True)
    (tmp_path / "lake" / "core" / "fct_orders" / "mine.txt").write_text("mine")
    deltalake.write_deltalake(str(tmp_path / "other" / "core" / "fct_orders"), pa.table({"mine": [1]}), name="mine")

    for folder in ("lake", "other"):
        with pytest.raises(ExportRefused, match=r"holds something that no export of core.fct_orders has written"):
            export_delta(warehouse, str(tmp_path / folder), names=["sales_by_day", "core.fct_orders"])
        assert [path.name for path in (tmp_path / folder).iterdir()] == ["core"]


@pytest.mark.long
def test_a_url_of_the_home_is_refused_and_files_are_for_their_owner_only(warehouse: Path, tmp_path: Path) -> None:
    refused = command(["export", "parquet", "-o", f"file://{warehouse}"], warehouse.parent, tmp_path)
    written = command(["export", "csv", "-t", "refunds", "-o", f"file://{tmp_path}/x"], warehouse.parent, tmp_path)

    assert (refused.returncode, "would write into the home" in refused.stderr) == (2, True)
    assert written.returncode == 0, written.stderr
    assert stat.S_IMODE((tmp_path / "x" / "refunds.csv").stat().st_mode) == 0o600


@pytest.mark.long
@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_a_full_disk_leaves_the_earlier_export_whole(
    form: str, export: Export, warehouse: Path, tmp_path: Path
) -> None:
    """A limit on file size stands for the full disk: both fail inside a write."""
    export(form, "sales_by_day")
    earlier = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    outcome = command(["export", form, "--output", "out"], warehouse.parent, tmp_path, most_bytes=2500)

    assert outcome.returncode == 1
    assert "could not be written" in outcome.stderr
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == earlier


def test_the_command_prints_what_it_wrote_and_the_same_as_json(warehouse: Path, tmp_path: Path) -> None:
    outcome = command(["export", "csv", "-t", "refunds", "-t", "cohorts"], warehouse.parent, tmp_path)
    assert outcome.returncode == 0
    assert "cohorts.csv" in outcome.stdout
    assert "Wrote 2 files" in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines()[1:])) <= 80

    outcome = command(["export", "csv", "-t", "refunds", "--json"], warehouse.parent, tmp_path)
    report = json.loads(outcome.stdout)
    assert set(report) == {"form", "period", "files", "notes"}
    assert set(report["files"][0]) == {"path", "tables", "rows", "bytes"}
    documented = set(re.findall(r"`(\w+)`", (export_csv.__doc__ or "").partition("--json:")[2]))
    assert {*report, *report["files"][0]} == documented
    assert Path(report["files"][0]["path"]).parent == warehouse.parent / "exports" / "csv"


def test_without_a_warehouse_the_export_says_how_to_get_one(tmp_path: Path) -> None:
    outcome = command(["export", "xlsx"], tmp_path / "nothing", tmp_path)

    assert outcome.returncode == 1
    assert "nothing was published" in outcome.stderr


def command(
    arguments: list[str], home: Path, folder: Path, *, most_bytes: int | None = None
) -> subprocess.CompletedProcess[str]:
    def limited() -> None:
        if most_bytes is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "--home", str(home), *arguments],
        cwd=folder,
        env=surroundings(COLUMNS="80", PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=limited,
    )


CELLS = {
    "null": (None, "", ""),
    "money": (Decimal("-1234.50"), "-1234.50", "-1234,50"),
    "a tiny decimal": (Decimal("0E-10"), "0.0000000000", "0,0000000000"),
    "true": (True, "true", "ja"),
    "a day": (date(2026, 11, 23), "2026-11-23", "23.11.2026"),
    "a formula": ("=1+1", "'=1+1", "'=1+1"),
    "a tab": ("\tx", "'\tx", "'\tx"),
    "a wide sign": ("＝1", "'＝1", "'＝1"),
    "a name with a dash inside": ("T-Shirt", "T-Shirt", "T-Shirt"),
    "a number": (8791312, "8791312", "8791312"),
    "a list": ([1, "b"], '[1, "b"]', '[1, "b"]'),
}


@pytest.mark.parametrize(("value", "plain", "local"), CELLS.values(), ids=CELLS.keys())
def test_a_cell_in_both_forms(value: Any, plain: str, local: str) -> None:
    assert (international(value), german(value)) == (plain, local)
