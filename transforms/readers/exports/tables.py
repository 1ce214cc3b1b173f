"""Exports: tables of the published warehouse as CSV, Excel or Parquet files, whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from transforms.readers.dictionary import describe
from transforms.readers.exports.errors import ExportRefused
from transforms.readers.exports.selection import Period, Selected, select
from transforms.readers.exports.staged import Staged
from transforms.readers.published import open_published

if TYPE_CHECKING:
    import duckdb

Form = Literal["csv", "csv-german", "xlsx", "parquet"]
WORKBOOK = "inventorum.xlsx"


@dataclass(frozen=True)
class Written:
    """One file that an export left behind.

    Attributes:
        path: Where it is; of an object store the URL.
        tables: The tables in it.
        rows: Rows of data, headers not counted.
    """

    path: Path | str
    tables: tuple[str, ...]
    rows: int
    bytes: int


@dataclass(frozen=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        period: The days that were asked for, in words.
        notes: What the receiver should know.
    """

    form: str
    period: str
    files: list[Written] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def export_tables(
    published: Path,
    form: Form,
    output: Path,
    *,
    names: Sequence[str] = (),
    period: Period | None = None,
    account: str = "default",
    shop_name: str | None = None,
    currency: str = "EUR",
    timezone: str = "Europe/Berlin",
) -> ExportReport:
    """Write tables to files that only their owner can read.

    Args:
        output: A folder, or a file if its name ends like the form's files.
        names: Tables such as `sales_by_day` or `core.fct_orders`; default: every mart.
        shop_name: Stands in the workbook instead of the accounts.
        period: Limits tables that have a `business_date` or a `month`.
        timezone: Zone of the times in CSV and Excel files; Parquet keeps UTC.

    Raises:
        ExportRefused: A table does not exist or does not fit the form.
        ExportFailed: A file could not be written.
        TransformError: There is no published warehouse.
    """
    period = period or Period()
    described = describe(published)
    with closing(open_published(published, timezone)) as connection:
        selected = select(connection, described, names, period)
        with Staged() as staged:
            if form == "xlsx":
                target = output if output.suffix == ".xlsx" else output / WORKBOOK
                begun = {target: (staged.begin(target), tuple(selected))}
                name = shop_name or _accounts(connection) or account
                _fill_workbook(connection, published, begun[target], period, name, currency, timezone)
            else:
                targets = _targets(output, ".parquet" if form == "parquet" else ".csv", selected)
                begun = {
                    target: (staged.begin(target), (table,)) for table, target in zip(selected, targets, strict=True)
                }
                for path, (table,) in begun.values():
                    _fill_file(connection, form, table, path)
            written = [
                Written(target.absolute(), tuple(t.name for t in tables), sum(t.rows for t in tables), size(path))
                for target, (path, tables) in begun.items()
            ]
    return ExportReport(form, str(period), written, _notes(selected, period))


def size(path: Path) -> int:
    """Bytes of a file."""
    return path.stat().st_size


def _fill_file(connection: duckdb.DuckDBPyConnection, form: Form, table: Selected, path: Path) -> None:
    if form == "parquet":
        from transforms.readers.exports.parquet_file import write_parquet

        write_parquet(connection, table, path)
    else:
        from transforms.readers.exports.csv_file import write_csv

        write_csv(connection, table, path, in_german=form == "csv-german")


def _fill_workbook(
    connection: duckdb.DuckDBPyConnection,
    published: Path,
    begun: tuple[Path, tuple[Selected, ...]],
    period: Period,
    name: str,
    currency: str,
    timezone: str,
) -> None:
    from transforms.readers.exports.excel_file import Account, Occasion, write_workbook

    zone = ZoneInfo(timezone)
    published_at = datetime.fromtimestamp(published.stat().st_mtime, UTC).astimezone(zone)
    occasion = Occasion(datetime.now(zone), published_at, str(published), period)
    path, selected = begun
    write_workbook(connection, selected, path, Account(name, currency, timezone), occasion)


def _accounts(connection: duckdb.DuckDBPyConnection) -> str:
    """Whose orders the warehouse holds, which need not be the account of the settings."""
    found = connection.execute("select distinct account from marts.freshness order by account").fetchall()
    return ", ".join(account for (account,) in found)


def _targets(output: Path, suffix: str, selected: Sequence[Selected]) -> list[Path]:
    if output.suffix != suffix:
        return [output / f"{table.name}{suffix}" for table in selected]
    if len(selected) != 1:
        raise ExportRefused(
            f"{output} is one file, but {len(selected)} tables are to be written. Nothing was written. "
            "Name a folder with --output, or one table with --table."
        )
    return [output]


def _notes(selected: Sequence[Selected], period: Period) -> list[str]:
    notes = []
    whole = [table.name for table in selected if period and table.date_column is None]
    if whole:
        notes.append(f"Not limited to the period, since they have no business date: {', '.join(whole)}.")
    personal = [table.name for table in selected if table.is_personal]
    if personal:
        notes.append(f"Personal data is in: {', '.join(personal)}. Give these on only to who may have them.")
    return notes
