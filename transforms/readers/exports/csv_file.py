"""A table as a CSV file, in international or German form."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.readers.exports import cells

if TYPE_CHECKING:
    import duckdb

    from transforms.readers.exports.selection import Selected


def write_csv(connection: duckdb.DuckDBPyConnection, selected: Selected, path: Path, *, in_german: bool) -> None:
    """Write the rows with a line of column names.

    International: comma, decimal point, ISO 8601, UTF-8, lines end in LF. German: semicolon, decimal comma,
    31.12.2026, UTF-8 with a byte order mark (Excel needs it to see the encoding), lines end in CR LF.
    """
    as_cell: cells.Cell = cells.german if in_german else cells.international
    encoding = "utf-8-sig" if in_german else "utf-8"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=";" if in_german else ",", lineterminator="\r\n" if in_german else "\n")
        writer.writerow([column.name for column in selected.columns])
        for rows in selected.batches(connection):
            writer.writerows([[as_cell(value) for value in row] for row in rows])
