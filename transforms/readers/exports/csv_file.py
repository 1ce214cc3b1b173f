"""Rows as CSV that every reader takes apart as they were, in international or German form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.readers.exports import cells

if TYPE_CHECKING:
    import duckdb

    from transforms.readers.exports.selection import Selected


@dataclass(frozen=True)
class Dialect:
    """How a line of CSV is written.

    Attributes:
        quoted: What makes a cell one that stands in quotation marks: the marks that end a cell or a line
            for any reader (a lone carriage return does), those that a reader that guesses may take for
            such, and blanks at an end, which some readers drop with the line.
    """

    delimiter: str
    line_end: str
    encoding: str
    cell: cells.Cell
    quoted: re.Pattern[str]

    def line(self, values: Iterable[Any]) -> str:
        """One row. Null and the empty text are both an empty cell."""
        text = self.delimiter.join([self._quote(self.cell(value)) for value in values])
        return (text or '""') + self.line_end  # an empty line would be no row

    def _quote(self, text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if self.quoted.search(text) else text


INTERNATIONAL = Dialect(",", "\n", "utf-8", cells.international, re.compile("[\x00-\x1f\"',;|]|^[ #]| $"))
"""Comma, decimal point, ISO 8601, UTF-8, lines end in LF."""

GERMAN = Dialect(";", "\r\n", "utf-8-sig", cells.german, re.compile("[\x00-\x1f\"';|]|^[ #]| $"))
"""Semicolon, decimal comma, 31.12.2026, UTF-8 with a byte order mark (Excel needs it to see the encoding), CR LF."""


def write_csv(connection: duckdb.DuckDBPyConnection, selected: Selected, path: Path, *, in_german: bool) -> None:
    """Write the rows with a line of column names."""
    dialect = GERMAN if in_german else INTERNATIONAL
    with path.open("w", encoding=dialect.encoding, newline="") as file:
        file.write(dialect.line([column.name for column in selected.columns]))
        for rows in selected.batches(connection):
            file.writelines(map(dialect.line, rows))
