"""Commands that publish past this machine: to a PostgreSQL server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.errors import SettingsError
from pipelines.terminal import Common, command, console, show_json, show_table

if TYPE_CHECKING:
    from transforms.readers.postgres.publish import ServerReport

group = typer.Typer(
    help="Bring the published tables to a database server.", no_args_is_help=True, rich_markup_mode=None
)


@command(group, "postgres")
def publish_postgres(
    common: Common,
    url: Annotated[
        str | None,
        typer.Argument(metavar="URL", help="postgresql://USER@HOST:5432/DATABASE. Default: the setting POSTGRES_URL."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Compare every row with the server's, and mend it.")] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also if another warehouse was published there: put this in its place.")
    ] = False,
) -> int:
    """Bring core, marts and ops of a PostgreSQL database to what is published here.

    One transaction: readers there see the old state or the new one. The first time everything is copied, then the rows
    that differ are written; without news, none. Views, grants, indexes and tables of your own stay; a table of
    the same name that is not of this program is refused. Needs the extra `postgres`.

    Other users of this machine can read a password in URL while the command runs: keep it in ~/.pgpass, PGPASSWORD or
    the setting, which also publishes after each run that publishes here.

    --json: `server`, `is_first`, `rows_inserted`, `rows_updated`, `rows_deleted`, `tables` (`table`, `inserted`,
    `updated`, `deleted`, `columns_added`: those of which something was written), `seconds`.

    Example: inventorum publish postgres postgresql://writer@db.example:5432/shop
    """
    from transforms.readers.postgres.publish import publish

    settings = common.settings()
    address = url or settings.postgres_url
    if address is None:
        raise SettingsError(
            "No database is named, so nothing was done. Give its URL (postgresql://USER@HOST:5432/DATABASE) or set "
            "SOURCES__INVENTORUM__POSTGRES_URL."
        )
    with common.progress() as progress:
        report = publish(settings.files.warehouse, address, full=full, replace=replace, on_step=progress.update)
    if common.as_json:
        show_json(report)
    else:
        _show(report)
    return 0


def _show(report: ServerReport) -> None:
    if report.tables and not report.is_first:
        show_table(
            ["table", "inserted", "updated", "deleted"],
            [[table.table, table.inserted, table.updated, table.deleted] for table in report.tables],
        )
    out = console()
    for table in report.tables:
        if table.columns_added:
            out.print(f"New in {table.table}: {', '.join(table.columns_added)}.", markup=False)
    out.print(report.in_words(), markup=False, soft_wrap=True)
