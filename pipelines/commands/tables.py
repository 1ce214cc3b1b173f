"""`inventorum tables`: what the warehouse holds, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.terminal import Common, console, show_json, show_pairs, show_table

if TYPE_CHECKING:
    from transforms.readers.dictionary import Table

PLUMBING = "ops"  # what reports are computed from, and what the program notes about itself


def tables(
    common: Common,
    name: Annotated[str | None, typer.Argument(help="A table, for its columns.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also the plumbing: the tables of `ops`.")] = False,
) -> int:
    """List the tables that answer questions, or the columns of one, with what they mean.

    Example: inventorum tables sales_by_day
    """
    from transforms.readers.dictionary import describe

    described = describe(common.settings().files.warehouse)
    if name is not None:
        return _show_tables(common, name, described)
    listed = [table for table in described if every or table.schema != PLUMBING]
    if common.as_json:
        show_json(listed)
    else:
        show_table(["table", "rows", "grain"], [[t.full_name, t.rows, t.grain] for t in listed])
    return 0


def _show_tables(common: Common, name: str, described: list[Table]) -> int:
    """The tables of that name, with what they are made from."""
    from transforms.readers.docs.content import explain_tables, in_words, short_type, summary

    wanted = [table for table in described if name.lower() in (table.name, table.full_name)]
    if not wanted:
        from pipelines.errors import SettingsError

        raise SettingsError(f"There is no table {name!r}. `inventorum tables --all` lists them.")
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
