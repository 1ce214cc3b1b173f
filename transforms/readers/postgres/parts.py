"""Fingerprints of ranges of rows: which parts of a table are not as they were published last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from transforms.readers.postgres.shapes import Facts, Shape

ROWS_A_PART = 50
WIDEST = 2**63 - 1  # numbers of parts and their widths are BIGINT in both databases
TOO_MANY = 4  # times as many parts as wanted: the table has grown, and is parted anew
# Who computed the fingerprints: another DuckDB may hash otherwise. Raise the number when parts are told otherwise.
HASHED_BY = f"1, DuckDB {duckdb.__version__}"

Fingerprint = tuple[int, int]  # rows, and the sum of their hashes: whatever the order is in which they are read
Parts = Mapping[int, Fingerprint]


@dataclass(frozen=True)
class Parting:
    """The parts of a table, by their numbers.

    Attributes:
        width: Values of the column that parts the table which make one part.
    """

    width: int
    parts: Parts

    @property
    def is_too_fine(self) -> bool:
        rows = sum(rows for rows, _ in self.parts.values())
        return len(self.parts) > TOO_MANY * (rows // ROWS_A_PART + 1)


def part_anew(shape: Shape, warehouse: duckdb.DuckDBPyConnection, facts: Facts) -> Parting:
    """The table in parts of about 50 rows."""
    if facts.low is None or facts.high is None:
        return parted(shape, warehouse, 1)
    width = (facts.high - facts.low + 1) // (facts.rows // ROWS_A_PART + 1)
    return parted(shape, warehouse, min(max(1, width), WIDEST))


def parted(shape: Shape, warehouse: duckdb.DuckDBPyConnection, width: int) -> Parting:
    """The table in parts of this width."""
    found = warehouse.execute(
        f"select {shape.part_in_duckdb(width)} as part, count(*), sum(hash({shape.columns})) "
        f"from {shape.relation} group by part"
    ).fetchall()
    return Parting(width, {part: (rows, fingerprint) for part, rows, fingerprint in found})


def changed(before: Parts, now: Parts) -> list[int]:
    """The parts that are not alike, in order."""
    return sorted(part for part in before.keys() | now.keys() if before.get(part) != now.get(part))
