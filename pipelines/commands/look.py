"""Commands that look: status, tables, query."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.terminal import Common, command, console, show_json, show_pairs, show_table

if TYPE_CHECKING:
    from transforms.readers.dictionary import Table


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app)(status)
    command(app)(tables)
    command(app)(query)


def status(common: Common) -> int:
    """Show per channel how far loading has come, what is published, and what the checks say.

    Example: inventorum status
    """
    from pipelines.commands.status import read_status

    found = read_status(common.settings().files)
    if common.as_json:
        show_json(found)
        return 0
    show_pairs(found.summary)
    if found.channels:
        is_ahead = any(c["read_until"] != c["known_until"] for c in found.channels)
        times = ("last_crawl", *(["read_until"] if is_ahead else []), "known_until", "newest_order_at")
        figures = ("requests", "retreats", "rows", "new", "changed", "quarantined")
        show_table(
            ["channel", "status", *(name.removesuffix("_at").replace("_", " ") for name in times)],
            [[c["channel"], c["status"], *(_minute(c[key]) for key in times)] for c in found.channels],
            title="How far each channel is read (UTC)",
        )
        show_table(
            ["channel", *figures],
            [[c["channel"], *(c[key] for key in figures)] for c in found.channels],
            title="Last crawl",
        )
        if is_ahead and not found.pending:
            console().print("What was read after `known until` held nothing new, so it was not published.")
    if found.warnings:
        show_table(list(found.warnings[0]), [list(w.values()) for w in found.warnings], title="Data quality")
    return 0


def _minute(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{moment:%d %b %H:%M}" if moment.year == datetime.now(UTC).year else f"{moment:%d %b %Y}"


def tables(
    common: Common,
    name: Annotated[str | None, typer.Argument(help="A table, for its columns.")] = None,
) -> int:
    """List the tables of the warehouse, or the columns of one, with what they mean.

    Example: inventorum tables sales_by_day
    """
    from transforms.readers.dictionary import describe

    described = describe(common.settings().files.warehouse)
    if name is not None:
        return _show_tables(common, name, described)
    if common.as_json:
        show_json(described)
    else:
        show_table(["table", "rows", "grain"], [[t.full_name, t.rows, t.grain] for t in described])
    return 0


def _show_tables(common: Common, name: str, described: list[Table]) -> int:
    """The tables of that name, with what they are made from."""
    from transforms.readers.docs.content import explain_tables, in_words, short_type, summary

    wanted = [table for table in described if name.lower() in (table.name, table.full_name)]
    if not wanted:
        from pipelines.errors import SettingsError

        raise SettingsError(f"There is no table {name!r}. `inventorum tables` lists them all.")
    entries = explain_tables(wanted, described)
    if common.as_json:
        show_json([summary(entry) for entry in entries])
        return 0
    for entry in entries:
        table = entry.table
        console().print(table.full_name, style="bold")
        console().print(table.description, markup=False)
        told = {
            "Grain": table.grain,
            "Key": ", ".join(table.key),
            "Rows": f"{table.rows:,}",
            "Answers": " ".join(table.questions),
            "Made from": ", ".join(entry.reads),
            "Feeds": ", ".join(entry.feeds),
        }
        show_pairs({what: text for what, text in told.items() if text})
        show_table(
            ["column", "type", "meaning, and what it is computed from"],
            [
                [c.name, short_type(c.type), f"{c.description}\n<- {in_words(c)}" if entry.sql else c.description]
                for c in entry.columns
            ],
        )
    return 0


def query(
    common: Common,
    sql: Annotated[str, typer.Argument(help="A SELECT; `-` reads it from standard input.")],
    output: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="table|json|csv|markdown|parquet",
            help="Form of the result.",
            show_default="by the name of the file, else table",
        ),
    ] = None,
    file: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result there.")] = None,
) -> int:
    """Ask the published warehouse; read-only, without access to files or network.

    A CSV has the cells of `export csv`: text that a spreadsheet would run as a formula gets an apostrophe in
    front. JSON and Parquet keep every text as it is.

    Example: inventorum query "select * from marts.sales_by_day order by business_date desc limit 5"
    """
    from pathlib import Path

    from pipelines.commands.query import write_result

    statement = sys.stdin.read() if sql == "-" else sql
    form = "json" if common.as_json else output
    write_result(common.settings().files, statement, form, Path(file) if file else None)
    return 0
