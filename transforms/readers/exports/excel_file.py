"""Tables as an Excel workbook: a sheet for each, and one that says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from transforms.readers.exports.cells import is_risky
from transforms.readers.exports.errors import ExportRefused

if TYPE_CHECKING:
    import duckdb
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from transforms.readers.dictionary import Column
    from transforms.readers.exports.selection import Period, Selected

MOST_ROWS = 1_048_576  # of a sheet, its header included
MOST_TEXT = 32_767
EXACT_DIGITS = 15  # Excel keeps no more of a number
MOST_EXACT = 999_999_999_999_999
FIRST_YEAR = 1900
SHEET_NAME = 31
MEANING_WIDTH, LINE_HEIGHT = 90, 15
ABOUT = "about"


@dataclass(frozen=True)
class Account:
    """Whose figures these are, for the sheet `about`."""

    name: str
    currency: str
    timezone: str


@dataclass(frozen=True)
class Occasion:
    """When and from what the workbook was made."""

    exported_at: datetime
    published_at: datetime
    warehouse: str
    period: Period


def write_workbook(
    connection: duckdb.DuckDBPyConnection,
    selected: Sequence[Selected],
    path: Path,
    account: Account,
    occasion: Occasion,
) -> None:
    """Write one workbook; rows are streamed, so its size does not matter to memory.

    Raises:
        ExportRefused: A table has more rows than a sheet can hold; nothing was written.
    """
    for table in selected:
        if table.rows >= MOST_ROWS:
            raise ExportRefused(
                f"{table.name} has {table.rows:,} rows, and an Excel sheet holds {MOST_ROWS - 1:,} besides its "
                "header. Nothing was written. Limit the days with --from and --to, leave the table out by naming "
                "others with --table, or use `export parquet` or `export csv`."
            )
    with (
        TemporaryDirectory(prefix=f".{path.name[:40]}.", dir=path.parent) as scratch,
        _plain_faults(),
        xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "tmpdir": scratch}
        ) as workbook,
    ):
        workbook.set_properties(
            {"title": f"Orders of {account.name}", "author": "inventorum-warehouse", "created": occasion.exported_at}
        )
        formats = _Formats(workbook, account.currency)
        names = _sheet_names(selected)
        _write_about(workbook.add_worksheet(ABOUT), formats, selected, names, account, occasion)
        for table, name in zip(selected, names, strict=True):
            _write_table(workbook.add_worksheet(name), formats, connection, table)


@contextmanager
def _plain_faults() -> Iterator[None]:
    """XlsxWriter wraps what the disk says; callers look for an OSError."""
    try:
        yield
    except FileCreateError as error:
        raise error.args[0] if isinstance(error.args[0], OSError) else OSError(str(error)) from None


class _Formats:
    """The cell formats of one workbook; each is made once."""

    def __init__(self, workbook: Workbook, currency: str) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}
        symbol = {"EUR": "€"}.get(currency, currency)
        self._amount = f'#,##0.00 "{symbol}";[Red]-#,##0.00 "{symbol}"'
        self.header = self(bold=True, bottom=1, text_wrap=True, valign="top", bg_color="#E8EEF4")
        self.title = self(bold=True, font_size=14)
        self.bold = self(bold=True)
        self.wrapped = self(text_wrap=True, valign="top")
        self.quoted = self(quote_prefix=True, indent=1)
        self.plain = self(indent=1)

    def __call__(self, **properties: Any) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(properties)
        return self._made[key]

    def of(self, column: Column) -> Format:
        """How the column's values look; dates and times as the reader's own Excel shows them."""
        name, kind = column.name, column.type
        if kind == "DATE":
            return self(num_format="mmm yyyy") if name == "month" else self(num_format=14)
        if kind.startswith("TIMESTAMP"):
            return self(num_format=22)
        if name.endswith("_amount") and kind.endswith(",2)"):
            return self(num_format=self._amount)
        if name.endswith("_ratio"):
            return self(num_format="0.0%")
        if name.endswith("_rate"):
            return self(num_format='0.0# "%"')
        if kind.startswith("DECIMAL"):
            return self(num_format="#,##0.00" if kind.endswith(",2)") else "#,##0.00########")
        if kind.endswith(("INT", "INTEGER")):
            return self(num_format="0" if name.endswith(("_id", "_number", "year")) else "#,##0")
        return self.plain


def _write_table(sheet: Worksheet, formats: _Formats, connection: duckdb.DuckDBPyConnection, table: Selected) -> None:
    columns = table.columns
    looks = [formats.of(column) for column in columns]
    number = 0
    for rows in table.batches(connection):
        if number == 0:
            _head(sheet, formats, table, rows)
        for row in rows:
            number += 1
            for position, value in enumerate(row):
                _write_cell(sheet, number, position, value, looks[position], formats)
    if number == 0:
        _head(sheet, formats, table, [])
    sheet.autofilter(0, 0, number, len(columns) - 1)


def _head(sheet: Worksheet, formats: _Formats, table: Selected, sample: Sequence[Sequence[Any]]) -> None:
    """The header, and columns as wide as their first rows need."""
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    _print_well(sheet)
    for position, column in enumerate(table.columns):
        shown = max((_width(row[position]) for row in sample[:500]), default=0)
        heading = round(len(column.name) * 1.15) + 3  # bold, and room for the filter's button
        sheet.set_column(position, position, min(60, max(shown + 3, heading)), formats.plain)
    for position, column in enumerate(table.columns):
        sheet.write_string(0, position, column.name, formats.header)


def _print_well(sheet: Worksheet) -> None:
    """A4, landscape, all columns on one page."""
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _write_cell(sheet: Worksheet, row: int, position: int, value: Any, look: Format, formats: _Formats) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, position, value)
    elif isinstance(value, int | Decimal) and _is_exact(value):
        sheet.write_number(row, position, value, look)
    elif isinstance(value, datetime) and value.year >= FIRST_YEAR:
        sheet.write_datetime(row, position, value.replace(tzinfo=None), look)
    elif isinstance(value, date) and value.year >= FIRST_YEAR:
        sheet.write_datetime(row, position, value, look)
    else:
        text = _text(value)
        # A formula is never written: the cell is text, and its quote prefix keeps it text when it is edited.
        _write_text(sheet, row, position, text, formats.quoted if is_risky(text) else formats.plain)


def _write_text(sheet: Worksheet, row: int, position: int, text: str, look: Format) -> None:
    """The text as it is; XlsxWriter would take one between <r> and </r> for mark-up and spoil the workbook."""
    if text.startswith("<r>") and text.endswith("</r>"):
        sheet.write_rich_string(row, position, "<", "r", text[2:], look)
    else:
        sheet.write_string(row, position, text, look)


def _is_exact(value: int | Decimal) -> bool:
    """Whether a spreadsheet's number holds every digit."""
    if isinstance(value, int):
        return abs(value) <= MOST_EXACT
    return value.is_finite() and len(value.normalize().as_tuple().digits) <= EXACT_DIGITS


def _text(value: Any) -> str:
    if isinstance(value, list | dict | tuple):
        value = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, Decimal):
        value = format(value, "f")
    return str(value)[:MOST_TEXT]


def _width(value: Any) -> int:
    if isinstance(value, Decimal):
        return len(f"{value:,.2f}") + 2
    if isinstance(value, datetime):
        return 16
    if isinstance(value, date):
        return 10
    return 0 if value is None else len(str(value))


def _sheet_names(selected: Sequence[Selected]) -> list[str]:
    """Names that Excel takes: at most 31 characters, each once."""
    names: list[str] = []
    for table in selected:
        name = table.name.replace("core.", "core ").replace("ops.", "ops ")[:SHEET_NAME]
        number = 2
        while name.lower() in {ABOUT, *(taken.lower() for taken in names)}:
            name = f"{name[: SHEET_NAME - 3]} {number}"
            number += 1
        names.append(name)
    return names


def _write_about(
    sheet: Worksheet,
    formats: _Formats,
    selected: Sequence[Selected],
    names: Sequence[str],
    account: Account,
    occasion: Occasion,
) -> None:
    _print_well(sheet)
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 2, 20)
    sheet.set_column(3, 3, MEANING_WIDTH + 10)
    sheet.write_string(0, 0, f"Orders of {account.name}", formats.title)
    facts = {
        "Exported": f"{occasion.exported_at:%Y-%m-%d %H:%M} ({account.timezone})",
        "Warehouse published": f"{occasion.published_at:%Y-%m-%d %H:%M} ({account.timezone})",
        "Warehouse": occasion.warehouse,
        "Period": str(occasion.period),
        "Currency": account.currency,
        "Time zone": f"{account.timezone}; dates are business dates, times are local",
        "Amounts": "numbers with two decimals, exact to the cent; a number of more than "
        f"{EXACT_DIGITS} digits is text, since Excel would round it",
        "Texts": "text that begins with = + - @ carries Excel's quote prefix and is never run as a formula",
        "Empty cells": "unknown or not applicable; the columns below say which",
    }
    row = 2
    for name, text in facts.items():
        sheet.write_string(row, 0, name, formats.bold)
        sheet.write_string(row, 1, text)
        row += 1
    row = _write_list(
        sheet,
        formats,
        row + 1,
        ("Sheet", "Rows", "Limited by", "One row is; what it holds"),
        [
            (name, table.rows, table.date_column or "nothing", f"{table.table.grain}. {table.table.description}")
            for table, name in zip(selected, names, strict=True)
        ],
    )
    _write_list(
        sheet,
        formats,
        row + 1,
        ("Sheet", "Column", "Type", "Meaning"),
        [
            (name, column.name, column.type, column.description)
            for table, name in zip(selected, names, strict=True)
            for column in table.columns
        ],
    )


def _write_list(
    sheet: Worksheet, formats: _Formats, row: int, header: Sequence[str], lines: Sequence[Sequence[Any]]
) -> int:
    """A small table; the row after it."""
    for position, text in enumerate(header):
        sheet.write_string(row, position, text, formats.header)
    for line in lines:
        row += 1
        sheet.set_row(row, LINE_HEIGHT * max(1, -(-len(str(line[-1])) // MEANING_WIDTH)))
        for position, value in enumerate(line):
            if isinstance(value, int):
                sheet.write_number(row, position, value, formats(num_format="#,##0", valign="top"))
            else:
                sheet.write_string(row, position, str(value)[:MOST_TEXT], formats.wrapped)
    return row + 1
