"""Commands that look: status, tables, query."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipelines.terminal import Common, command, console, show_json, show_pairs, show_table


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app)(status)
    command(app)(tables)
    command(app)(query)


def status(common: Common) -> int:
    """Show per channel how far loading has come, what is published, and what the checks say.

    Example: inventorum status
    """
    from pipelines.status import read_status

    found = read_status(common.settings().files)
    if common.as_json:
        show_json(found)
        return 0
    show_pairs(found.summary)
    if found.channels:
        times = ("cursor", "newest_order", "last_crawl")
        figures = ("requests", "retreats", "rows", "new", "changed", "quarantined")
        show_table(
            ["channel", "status", "cursor", "newest order", "last crawl"],
            [[c["channel"], c["status"], *(_minute(c[key]) for key in times)] for c in found.channels],
            title="How far each channel is read (UTC)",
        )
        show_table(
            ["channel", *figures],
            [[c["channel"], *(c[key] for key in figures)] for c in found.channels],
            title="Last crawl",
        )
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
    from transforms.dictionary import describe

    described = describe(common.settings().files.warehouse)
    if name is not None:
        wanted = name.lower()
        described = [t for t in described if wanted in (t.name, f"{t.schema}.{t.name}")]
        if not described:
            from pipelines.errors import SettingsError

            raise SettingsError(f"There is no table {name!r}. `inventorum tables` lists them all.")
    if common.as_json:
        show_json(described)
    elif name is None:
        show_table(["table", "rows", "grain"], [[f"{t.schema}.{t.name}", t.rows, t.grain] for t in described])
    else:
        for table in described:
            console().print(f"{table.schema}.{table.name}", style="bold")
            console().print(table.comment, markup=False)
            show_table(["column", "type", "meaning"], [[c.name, c.type, c.description] for c in table.columns])
    return 0


def query(
    common: Common,
    sql: Annotated[str, typer.Argument(help="A SELECT; `-` reads it from standard input.")],
    output: Annotated[
        str,
        typer.Option("--format", "-f", metavar="table|json|csv|markdown|parquet", help="Form of the result."),
    ] = "table",
    file: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result there.")] = None,
) -> int:
    """Ask the published warehouse; read-only, without access to files or network.

    Example: inventorum query "select * from marts.sales_by_day order by business_date desc limit 5"
    """
    from pathlib import Path

    from pipelines.query import write_result

    statement = sys.stdin.read() if sql == "-" else sql
    form = "json" if common.as_json else output
    write_result(common.settings().files.warehouse, statement, form, Path(file) if file else None)
    return 0
