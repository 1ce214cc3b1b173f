"""Commands that share: export as CSV, Excel, Parquet or DATEV, and the landing log as Parquet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.terminal import Common, command, console, show_json, show_table

if TYPE_CHECKING:
    from transforms.readers.exports.selection import Period

TableOption = Annotated[
    list[str] | None,
    typer.Option("--table", "-t", metavar="NAME", help="Only this table; repeat for more. Default: all marts."),
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="D", help="First day: 2026-11-01, 2026-11 or 2026.")]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="D", help="Last day, included: 2026-11-30, 2026-11 or 2026.")
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="PATH", help="Folder or file. Default: exports/ in the home folder."),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH|URL",
        help="Folder or file, also of an object store: s3://bucket/folder. Default: exports/ in the home folder.",
    ),
]
LOCAL = ("file://", "local://")  # URLs of this machine's files

group = typer.Typer(
    help="Write tables of the warehouse, or what was loaded, to files that only you can read.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@command(group, "csv")
def export_csv(
    common: Common,
    table: TableOption = None,
    first: FromOption = None,
    last: ToOption = None,
    output: StoreOption = None,
    german: Annotated[
        bool, typer.Option("--german", help="Semicolons, decimal commas, 31.12.2026, for German Excel.")
    ] = False,
) -> int:
    """Write a CSV file for each mart.

    Comma, decimal point, ISO dates, UTF-8; times are local to the shop. With --german: semicolon, decimal comma,
    31.12.2026, UTF-8 with a mark for Excel. Text that a spreadsheet would run as a formula (it begins with
    = + - @) gets an apostrophe in front.

    --json: `form`, `period`, `files` (`path`, `tables`, `rows`, `bytes`), `notes`.

    Example: inventorum export csv --german --table sales_by_day --from 2026-10 --to 2026-10
    """
    return _tables(common, "csv-german" if german else "csv", table, first, last, output)


@command(group, "xlsx")
def export_xlsx(
    common: Common,
    table: TableOption = None,
    first: FromOption = None,
    last: ToOption = None,
    output: StoreOption = None,
) -> int:
    """Write an Excel workbook: a sheet for each mart, and one that says what they are.

    --json: `form`, `period`, `files` (`path`, `tables`, `rows`, `bytes`), `notes`.

    Example: inventorum export xlsx --from 2026 --output 2026.xlsx
    """
    return _tables(common, "xlsx", table, first, last, output)


@command(group, "parquet")
def export_parquet(
    common: Common,
    table: TableOption = None,
    first: FromOption = None,
    last: ToOption = None,
    output: StoreOption = None,
) -> int:
    """Write a Parquet file for each mart: exact decimals, times in UTC.

    --output also takes a URL that fsspec knows (s3://, gs://, az://, sftp://, ...), as csv and xlsx do; the extra
    `stores` brings what reaches S3, Google Cloud Storage and Azure, and each finds its login in its own way.

    --json: `form`, `period`, `files` (`path`, `tables`, `rows`, `bytes`), `notes`.

    Example: inventorum export parquet --table core.fct_orders --output orders.parquet
    """
    return _tables(common, "parquet", table, first, last, output)


@command(group, "delta")
def export_delta(
    common: Common,
    folder: Annotated[str, typer.Argument(metavar="DIR|URL", help="A folder, also of an object store: s3://bucket/x.")],
    table: Annotated[
        list[str] | None,
        typer.Option(
            "--table", "-t", metavar="NAME", help="Only this table; repeat for more. Default: core and marts."
        ),
    ] = None,
) -> int:
    """Write Delta tables, DIR/core/fct_orders and so on; a table whose rows are as they were gets no new version.

    Each table is the old or the new one for its readers; old versions stay until you vacuum them. Needs the extra
    `delta`. Object stores are untested.

    --json: a list of `table`, `path`, `rows`, `version`, `is_new`.

    Example: inventorum export delta lake/shop
    """
    from pipelines.outputs import checked
    from transforms.readers.exports.delta import export_delta as export
    from transforms.readers.exports.store import is_store

    settings = common.settings()
    os.umask(0o077)
    place = folder if is_store(folder) else str(checked(settings.files, Path(folder)))
    written = export(settings.files.warehouse, place, names=table or [], timezone=settings.timezone)
    if common.as_json:
        show_json(written)
        return 0
    show_table(
        ["table", "rows", "version", "new"], [[w.table, w.rows, w.version, "yes" if w.is_new else ""] for w in written]
    )
    new = sum(one.is_new for one in written)
    others = "" if new == len(written) else "; the others are as they were"
    console().print(f"Wrote {new} of {len(written)} tables{others}.", markup=False)
    return 0


@command(group, "datev")
def export_datev(
    common: Common,
    first: FromOption = None,
    last: ToOption = None,
    output: OutputOption = None,
    accounts: Annotated[
        Path | None,
        typer.Option("--accounts", metavar="FILE", help="Accounts file. Default: datev.toml, if it is there."),
    ] = None,
) -> int:
    """Write DATEV booking batches (EXTF), one a month, prepared for the tax adviser.

    As booked: goods and shipping by day, channel and VAT rate, payments by day, channel and method, with refunds,
    cancellations and corrections in lines of their own. The totals equal `vat_return` and `daily_closing`, or nothing
    is written. A closed month gives the same lines for ever. Default: the last closed month.

    --json: `form`, `period`, `files` (`path`, `month`, `rows`, `bytes`, `revenue`, `payments`, `shipping`,
    `refunds`, `clearing`: what stays on the clearing account), `notes`.

    Example: inventorum export datev --from 2026-10 --to 2026-10
    """
    from pipelines.outputs import checked
    from transforms.readers.exports.datev import export_datev as export
    from transforms.readers.exports.datev_accounts import parse_accounts, read_accounts, template

    settings = common.settings()
    found = accounts or Path("datev.toml")
    from_template = accounts is None and not found.exists()
    if from_template:
        chosen = parse_accounts(template(settings.skr), f"the template {settings.skr}")
    else:
        chosen = read_accounts(found)
    report = export(
        settings.files.warehouse,
        checked(settings.files, output or settings.files.home / "exports" / "datev"),
        chosen,
        period=_period(first, last),
        currency=settings.currency,
        timezone=settings.timezone,
    )
    if from_template:
        report.notes.insert(
            0,
            f"No accounts file: the template {settings.skr} was used. `inventorum init` writes it to "
            "datev.toml; have your tax adviser check it.",
        )
    if common.as_json:
        show_json(report)
        return 0
    if report.files:
        show_table(
            ["month", "bookings", "revenue", "payments", "clearing"],
            [[f.month, f.rows, f.revenue, f.payments, f.clearing] for f in report.files],
        )
    _show_files(report)
    return 0


@command(group, "raw")
def export_raw(
    common: Common,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder; an earlier export in it is replaced.")],
) -> int:
    """Write the landing log as Parquet, orders in folders by account and day of reading.

    Payloads as sent, with the loads that were completed: what `build --engine spark` reads, and what dlt's filesystem
    destination would hold. Personal data stand in it.

    --json: `folder`, `loads`, `rows` by table, `files`, `bytes`.

    Example: inventorum export raw lake/raw
    """
    from pipelines.landing.log import opened
    from pipelines.landing.raw_files import export_raw as export
    from pipelines.lock import exclusive
    from pipelines.outputs import checked
    from pipelines.settings import ensure_home

    settings = common.settings()
    with opened(settings.files):
        pass  # where nothing was loaded, no home is made
    os.umask(0o077)
    ensure_home(settings.files)
    with exclusive(settings.files.lock, "export raw"):
        report = export(settings.files, checked(settings.files, folder, option="DIR"))
    if common.as_json:
        show_json(report)
        return 0
    show_table(["table", "rows"], list(report.rows.items()))
    console().print(
        f"Wrote {report.files} files, {report.bytes} bytes, of {report.loads} completed loads to {report.folder}/.",
        markup=False,
        soft_wrap=True,
    )
    return 0


def _tables(
    common: Common,
    form: Any,
    table: list[str] | None,
    first: str | None,
    last: str | None,
    output: str | None,
) -> int:
    from pipelines.outputs import checked
    from transforms.readers.exports.store import export_to_store, is_store
    from transforms.readers.exports.tables import ExportReport, export_tables

    settings = common.settings()
    period = _period(first, last)

    def write(place: Path) -> ExportReport:
        return export_tables(
            settings.files.warehouse,
            form,
            place,
            names=table or [],
            period=period,
            account=settings.account,
            shop_name=settings.shop_name,
            currency=settings.currency,
            timezone=settings.timezone,
        )

    if output is not None and is_store(output):
        os.umask(0o077)
        if output.startswith(LOCAL):
            checked(settings.files, Path(output.split("://", 1)[1]))
        report = export_to_store(output, write)
    else:
        default = settings.files.home / "exports"
        place = Path(output) if output else default if form == "xlsx" else default / form
        report = write(checked(settings.files, place))
    if common.as_json:
        show_json(report)
    else:
        _show_files(report)
    return 0


def _period(first: str | None, last: str | None) -> Period:
    from pipelines.period import parse_day
    from transforms.readers.exports.selection import Period

    return Period(parse_day(first, what="--from"), parse_day(last, what="--to", last=True))


def _show_files(report: Any) -> None:
    """The files with their sizes; the folder once, above them."""
    out = console()
    folders: dict[str, list[list[Any]]] = {}
    for written in report.files:
        folder, _, name = str(written.path).rpartition("/")
        folders.setdefault(folder, []).append([name, written.rows, written.bytes])
    for folder, inside in folders.items():
        out.print(f"{folder}/", markup=False, soft_wrap=True)
        show_table(["file", "rows", "bytes"], inside)
    out.print(
        f"Wrote {len(report.files)} {'file' if len(report.files) == 1 else 'files'}, "
        f"{sum(written.rows for written in report.files)} rows; period: {report.period}."
    )
    for note in report.notes:
        out.print(f"Note: {note}", markup=False)
