"""One SELECT against the published warehouse, in the form that was asked for."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import HomeError, SettingsError
from pipelines.outputs import checked
from pipelines.process import ended_by_ctrl_c
from pipelines.settings import Files
from pipelines.steering import visible
from pipelines.terminal import (
    Common,
    cell,
    console,
    json_text,
    print_exactly,
    show_json,
    show_pairs,
    show_table,
)

if TYPE_CHECKING:
    import duckdb

ROWS_SHOWN = 1_000
PIECE = 10_000
READABLE = 12  # characters of a column, with the space beside it

Row = tuple[Any, ...]
Rows = list[Row]


def write_result(files: Files, sql: str, form: str | None, output: Path | None) -> None:
    """Run one statement and write its rows to a file, or to stdout.

    Args:
        form: table, json, csv, markdown or parquet; parquet needs a file. Default: what the file's name says.
        output: The file; it is written as a whole, for its owner only, or stays as it was.

    Raises:
        SettingsError: The form is unknown or another than the file's name says, the statement is wrong, or the
            file is one of the home.
        HomeError: The file cannot be written.
        TransformError: There is no published warehouse yet.
    """
    from transforms.readers.published import open_published

    file = None if output is None else checked(files, output)
    form = _form(form, output)
    with closing(open_published(files.warehouse)) as connection, ended_by_ctrl_c(connection):
        _refuse_changes(sql)
        if form == "parquet":
            _write(file or Path(), _parquet(connection, sql))
            return
        with _told("The statement failed"):
            result = connection.execute(sql)
            columns = [column[0] for column in result.description or []]
            if form == "table" and file is None:
                shown = result.fetchmany(ROWS_SHOWN)
                _show(columns, shown, len(shown) + sum(map(len, _pieces(result))))
                return
            rows = (row for piece in _pieces(result) for row in piece)
            if form == "json" and file is None:
                show_json(_records(columns, list(rows)))
                return
            text = WRITERS["markdown" if form == "table" else form](columns, rows)
            if file is None:
                print_exactly(text)
            else:
                _write(file, "".join(text).encode())


def _pieces(result: duckdb.DuckDBPyConnection) -> Iterator[Rows]:
    """What is left of a result, a few thousand rows at a time: all at once a million take hundreds of megabytes."""
    while piece := result.fetchmany(PIECE):
        yield piece


def _form(form: str | None, output: Path | None) -> str:
    """The form that was asked for, by --format or by the file's name, which must agree."""
    if form not in (None, *WRITERS, "table", "parquet"):
        raise SettingsError(f"There is no form {form!r}. Choose table, json, csv, markdown or parquet.")
    if output is None:
        if form == "parquet":
            raise SettingsError("Parquet is not text: name a file with --output.")
        return form or "table"
    suffix = output.suffix.casefold()
    named = SUFFIXES.get(suffix)
    if form is None:
        if named is None and suffix not in PLAIN_TEXT and _is_ordinary(output):
            raise SettingsError(
                f"--output {output}: no form belongs to a name that ends in {suffix}. Nothing was run. Let it end in "
                ".csv, .json, .md or .parquet, or name a form with --format."
            )
        return named or "table"
    if named not in (None, "markdown" if form == "table" else form):
        raise SettingsError(
            f"--output {output} says {named}, --format says {form}. Nothing was run. Change one of the two."
        )
    return form


def _is_ordinary(path: Path) -> bool:
    """Neither a device nor a pipe such as /dev/fd/63, whose names say nothing."""
    return path.is_file() or not path.exists()


def _refuse_changes(sql: str) -> None:
    import duckdb

    with _told("The statement cannot be read"):
        statements = duckdb.extract_statements(sql)
    if len(statements) != 1:
        raise SettingsError(f"Give one statement; {len(statements)} were found. Nothing was run.")
    if statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise SettingsError(
            "Only SELECT, WITH, SHOW, DESCRIBE, SUMMARIZE and EXPLAIN can be run: the warehouse is read-only."
        )


@contextmanager
def _told(what: str) -> Iterator[None]:
    """DuckDB's faults as those of a statement that somebody typed."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise SettingsError(f"{what}: {error}") from None


def show_rows(columns: Sequence[str], shown: Rows) -> None:
    """Print rows side by side, or column by column where the terminal is too narrow for them."""
    whole = _whole(columns, shown)
    if _can_stand_side_by_side(columns, shown, whole):
        show_table(columns, shown, whole=whole)
    else:
        for number, row in enumerate(shown, 1):
            sys.stdout.write(f"\nrow {number}\n")
            show_pairs({f"  {name}": "" if value is None else value for name, value in zip(columns, row, strict=True)})


def _show(columns: Sequence[str], shown: Rows, found: int) -> None:
    show_rows(columns, shown)
    if found > len(shown):
        sys.stdout.write(f"{len(shown)} of {found} rows shown; --format csv prints all.\n")


def _whole(columns: Sequence[str], rows: Rows) -> set[str]:
    """The columns that no line break may cut: numbers, dates, and whatever else is no text."""
    return {
        name for index, name in enumerate(columns) if not any(isinstance(row[index], str | list | dict) for row in rows)
    }


def _can_stand_side_by_side(columns: Sequence[str], rows: Rows, whole: set[str]) -> bool:
    """Whether a table leaves each column as wide as it is, or texts at least wide enough to be read in parts."""
    cells = [len(name) for name in columns]
    for row in rows:
        cells = [max(known, len(visible(cell(value)))) for known, value in zip(cells, row, strict=True)]
    least = [wide if name in whole else min(wide, READABLE) for name, wide in zip(columns, cells, strict=True)]
    return sum(least) + 3 * len(cells) <= console().width


def _json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield json_text(_records(columns, rows))


def _records(columns: Sequence[str], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """A record for each row; JSON has no word for a number that is none, so it is null."""
    names = unique_names(columns)
    told = ((None if isinstance(value, float) and not isfinite(value) else value for value in row) for row in rows)
    return [dict(zip(names, row, strict=True)) for row in told]


def unique_names(columns: Sequence[str]) -> list[str]:
    """The columns' names, each once: of `a, a` the second is `a_1`, as DuckDB calls it in a subquery."""
    names: list[str] = []
    for column in columns:
        name, number = column, 0
        while name in names or (number and name in columns):
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """As `export csv`: a cell is the same in both."""
    from transforms.readers.exports.csv_file import INTERNATIONAL

    return map(INTERNATIONAL.line, chain([columns], rows))


def _markdown(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cells)} |\n"

    body = (["" if value is None else markdown_cell(cell(value)) for value in row] for row in rows)
    return map(line, chain([map(markdown_cell, columns), ["---"] * len(columns)], body))


def markdown_cell(text: str) -> str:
    """Text that stays one cell and is shown as it is: no mark-up of its own, line ends as `<br>`."""
    escaped = re.sub(r"[\\`*\[\]<>&|~]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)
    return re.sub("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]", "<br>", escaped)


def _parquet(connection: duckdb.DuckDBPyConnection, sql: str) -> bytes:
    import io

    import pyarrow.parquet as pq

    content = io.BytesIO()
    with _told("The statement failed"):
        table = connection.sql(sql).to_arrow_table()
    pq.write_table(table, content, compression="zstd")
    return content.getvalue()


def _write(file: Path, content: bytes) -> None:
    from transforms.readers.whole_file import write_whole

    try:
        write_whole(file, content)
    except OSError as error:
        raise _unwritable(file, error) from None


def _unwritable(file: Path, error: OSError) -> HomeError:
    return HomeError(
        f"{file} could not be written: {error.strerror or error}. What stood there before is unchanged. "
        "Choose another --output."
    )


WRITERS: dict[str, Callable[[Sequence[str], Iterable[Row]], Iterable[str]]] = {
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
}
SUFFIXES = {".csv": "csv", ".json": "json", ".md": "markdown", ".markdown": "markdown", ".parquet": "parquet"}
PLAIN_TEXT = ("", ".txt")


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

    statement = sys.stdin.read() if sql == "-" else sql
    form = "json" if common.as_json else output
    write_result(common.settings().files, statement, form, Path(file) if file else None)
    return 0
