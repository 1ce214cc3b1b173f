"""SQL prompts over the published warehouse: DuckDB's own or harlequin if they are installed, else a simple one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.errors import InventorumError, SettingsError
from pipelines.process import ended_by_ctrl_c
from pipelines.steering import visible
from pipelines.terminal import Common

if TYPE_CHECKING:
    import duckdb


ROWS_SHOWN = 100
PROMPT, MORE = "inventorum> ", "       ...> "
WELCOME = """\
Published warehouse, read-only. End a statement with ; and leave with .quit (or Ctrl-D).
.tables lists the tables, .columns NAME their columns, .help says this again."""


def installed(warehouse: Path) -> list[str] | None:
    """The words that start a better shell on the file, read-only; None if there is none."""
    if duckdb_cli := shutil.which("duckdb"):
        return [duckdb_cli, "-readonly", str(warehouse)]
    if harlequin := shutil.which("harlequin"):
        return [harlequin, "--read-only", str(warehouse)]
    return None


def run_shell(warehouse: Path, timezone: str) -> None:
    """Read statements until the input ends and print their results.

    Raises:
        TransformError: There is no published warehouse.
        SettingsError: A statement failed, and the input is no terminal.
    """
    from transforms.readers.published import open_published

    is_terminal = sys.stdin.isatty()
    if is_terminal:
        with suppress(ImportError):
            import readline  # noqa: F401 - gives input() editing and a history that ends with the session
    with closing(open_published(warehouse, timezone)) as connection:
        if is_terminal:
            sys.stdout.write(WELCOME + "\n")
        for statement in _statements(is_terminal=is_terminal):
            if statement in (".quit", ".exit"):
                return
            try:
                with ended_by_ctrl_c(connection):
                    _answer(connection, statement)
            except InventorumError as error:
                if not is_terminal:
                    raise
                sys.stderr.write(f"{visible(str(error))}\n")
            except KeyboardInterrupt:
                sys.stdout.write("Interrupted.\n")


def _statements(*, is_terminal: bool) -> Iterator[str]:
    """Statements up to their semicolon, and commands that begin with a dot."""
    pending = ""
    while True:
        try:
            if is_terminal:
                line = input(MORE if pending else PROMPT)
            else:
                line = sys.stdin.readline()
                if not line:
                    raise EOFError
        except EOFError:
            break
        except KeyboardInterrupt:
            pending = ""
            sys.stdout.write("\n")
            continue
        if not pending and line.strip().startswith("."):
            yield line.strip()
            continue
        pending += line if line.endswith("\n") else line + "\n"
        if line.rstrip().endswith(";"):
            yield pending.strip()
            pending = ""
        elif not pending.strip():
            pending = ""
    if pending.strip():
        yield pending.strip()
    if is_terminal:
        sys.stdout.write("\n")


def _answer(connection: duckdb.DuckDBPyConnection, statement: str) -> None:
    import duckdb

    from pipelines.commands.query import show_rows

    if statement.startswith("."):
        statement = _command(statement)
        if not statement:
            return
    try:
        result = connection.execute(statement)
        columns = [column[0] for column in result.description or []]
        rows = result.fetchmany(ROWS_SHOWN + 1)
    except duckdb.Error as error:
        raise SettingsError(str(error)) from None
    show_rows(columns, rows[:ROWS_SHOWN])
    if len(rows) > ROWS_SHOWN:
        sys.stdout.write(f"The first {ROWS_SHOWN} rows; `inventorum query --format csv` prints all.\n")


def _command(line: str) -> str:
    """The statement behind a dot command; empty if it is done already."""
    word, _, rest = line.partition(" ")
    if word == ".tables":
        return (
            'select schema_name || \'.\' || table_name as "table", estimated_size as "rows" from duckdb_tables() '
            "union all select schema_name || '.' || view_name, null from duckdb_views() where not internal order by all"
        )
    if word in (".columns", ".schema") and rest.strip():
        name = rest.strip().rpartition(".")[2].replace("'", "''")
        return (
            'select column_name as "column", data_type as "type", coalesce(comment, \'\') as meaning '
            f"from duckdb_columns() where table_name = '{name}' order by schema_name, column_index"
        )
    sys.stdout.write(WELCOME + "\n")
    return ""


def shell(
    common: Common,
    simple: Annotated[
        bool, typer.Option("--simple", help="Take the built-in prompt, whatever else is installed.")
    ] = False,
) -> int:
    """Open an SQL prompt on the published warehouse, read-only.

    Takes the program `duckdb` or `harlequin` if one is installed, else a prompt of its own.

    Example: echo "select sum(gross_amount) from marts.sales_by_day;" | inventorum shell --simple
    """
    from transforms.readers.published import open_published

    settings = common.settings()
    warehouse = settings.files.warehouse
    found = None if simple else installed(warehouse)
    if found is not None:
        open_published(warehouse).close()  # a missing or foreign file is named before the other program starts
        os.execv(found[0], found)  # noqa: S606 - the user's own program, without a shell
    run_shell(warehouse, settings.timezone)
    return 0
