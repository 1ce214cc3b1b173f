"""Texts that break lines, cells or encodings come out of every form as they went in."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from pipelines import run
from pipelines.commands.query import markdown_cell, unique_names, write_result
from pipelines.sandbox.clock import Clock
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from pipelines.terminal import json_text
from transforms.readers.exports.cells import german, international
from transforms.readers.exports.csv_file import GERMAN, INTERNATIONAL, Dialect
from transforms.readers.exports.tables import export_tables

pytestmark = pytest.mark.long

NAMES = {
    "a lone carriage return": "two\rlines",
    "a line feed": "two\nlines",
    "both": "two\r\nlines",
    "a separator of lines": "two\u2028lines",
    "a form feed": "two\x0clines",
    "pipes": "one | two",
    "quotes": 'a "quoted" one, and more; x',
    "a formula": "=1+1",
    "what Excel's writer takes for mark-up": "<r>a<b</r>",
    "what Excel takes for an escape": "_x0041_",
    "backslashes": "a\\|b\\",
    "mark-up": "*bold* <b>x</b> `code` [link](x) __init__",
    "letters of many bytes": "Käse 🧀",
}
ODD = st.sampled_from(list("abä1,;|\t\"'\r\n\0\\#=+-@ \u2028\x85\x1a\ufeff.\x0b\x1c"))
TEXTS = st.text(ODD, max_size=6) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[TEXTS] * width), min_size=1, max_size=5))
DIALECTS = [pytest.param(INTERNATIONAL, international, id="international"), pytest.param(GERMAN, german, id="german")]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    """A published warehouse of a shop whose products have those names."""
    shop = Shop(clock=Clock("2026-11-03T20:00:00Z"))
    for number, name in enumerate(NAMES.values()):
        shop.sell("ipad", [(name, f"{number + 1}.99", 3)], at=f"2026-10-{10 + number}T10:00:00Z")
    home = Files(tmp_path_factory.mktemp("texts") / "home")
    with Sandbox(shop) as sandbox:
        run.sync(Settings(files=home, base_url=sandbox.base_url, login=StaticLogin(sandbox.access_token)))
    return home


def asked(home: Files, form: str, file: Path, sql: str) -> str:
    write_result(home, sql, form, file)
    with file.open(encoding="utf-8", newline="") as written:
        return written.read()


def by_python(path: Path, dialect: Dialect) -> list[tuple[str, ...]]:
    with path.open(encoding=dialect.encoding, newline="") as file:
        return [tuple(row) for row in csv.reader(file, delimiter=dialect.delimiter)]


def by_pandas(path: Path, dialect: Dialect) -> list[tuple[str, ...]]:
    form: dict[str, Any] = {"sep": dialect.delimiter, "encoding": dialect.encoding}
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, header=None, **form)
    return list(frame.itertuples(index=False, name=None))


def by_duckdb(path: Path, dialect: Dialect) -> list[tuple[str, ...]]:
    sql = f"from read_csv(?, delim = '{dialect.delimiter}', quote = '\"', escape = '\"', header = false"
    found = duckdb.execute(f"{sql}, all_varchar = true)", [str(path)]).fetchall()
    return [tuple(cell or "" for cell in row) for row in found]


@pytest.mark.long
@pytest.mark.parametrize(("dialect", "cell"), DIALECTS)
@settings(max_examples=150)
@given(rows=TABLES)
def test_python_pandas_and_duckdb_read_from_a_csv_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, dialect: Dialect, cell: Any, rows: list[tuple[str, ...]]
) -> None:
    path = tmp_path_factory.getbasetemp() / f"{dialect.encoding}.csv"
    rows = [("head",) * len(rows[0]), *rows]
    path.write_bytes("".join(map(dialect.line, rows)).encode(dialect.encoding))

    written = [tuple(map(cell, row)) for row in rows]

    assert by_python(path, dialect) == written
    assert by_pandas(path, dialect) == written
    assert by_duckdb(path, dialect) == written


@pytest.mark.long
def test_the_csv_of_a_query_and_of_an_export_have_the_same_cells(home: Files, tmp_path: Path) -> None:
    (exported,) = export_tables(home.warehouse, "csv", tmp_path / "out", names=["core.dim_product"]).files
    asked(home, "csv", tmp_path / "asked.csv", "select * from core.dim_product")

    for read in (by_python, by_pandas, by_duckdb):
        known, found = (read(path, INTERNATIONAL) for path in (exported.path, tmp_path / "asked.csv"))
        assert sorted(found) == sorted(known)
        assert {international(name) for name in NAMES.values()} <= {cell for row in found for cell in row}


@pytest.mark.long
def test_a_markdown_table_has_a_line_for_each_row_and_as_many_cells_as_columns(home: Files, tmp_path: Path) -> None:
    sql = "select product_name, product_id, product_name as again from core.dim_product"
    lines = asked(home, "markdown", tmp_path / "x.md", sql).splitlines()

    with duckdb.connect(home.warehouse, read_only=True) as connection:
        ((count,),) = connection.execute("select count(*) from core.dim_product").fetchall()
    assert len(lines) == count + 2
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines} == {4}
    assert any("two<br>lines" in line for line in lines)


@given(text=TEXTS)
def test_a_markdown_cell_can_be_told_from_every_other(text: str) -> None:
    cell = markdown_cell(text)

    assert len(cell.splitlines()) <= 1
    shown = re.sub(r"\\(.)", r"\1", cell.replace("<br>", "\n"), flags=re.DOTALL)
    assert shown == re.sub("\r\n|[\v\f\r\x1c-\x1e\x85\u2028\u2029]", "\n", text)


def test_a_workbook_holds_every_text(home: Files, tmp_path: Path) -> None:
    (written,) = export_tables(home.warehouse, "xlsx", tmp_path / "x.xlsx", names=["sales_by_product"]).files

    sheet = openpyxl.load_workbook(written.path)["sales_by_product"]
    texts = {cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)}

    assert set(NAMES.values()) <= {unescape(text) for text in texts}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@given(text=st.text(st.characters(), max_size=6))
def test_json_holds_every_text_in_every_encoding(encoding: str, text: str) -> None:
    assert json.loads(json_text({"text": text}, encoding).encode(encoding).decode(encoding)) == {"text": text}


def test_json_of_a_query_has_every_column_and_no_word_that_json_lacks(home: Files, tmp_path: Path) -> None:
    text = asked(
        home, "json", tmp_path / "x.json", "select 1 as a, 2 as a, 3 as a_1, 'nan'::double as b, 0.5::double c"
    )

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse) == [{"a": 1, "a_2": 2, "a_1": 3, "b": None, "c": 0.5}]
    assert unique_names(["a", "a", "a"]) == ["a", "a_1", "a_2"]
