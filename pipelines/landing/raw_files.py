"""The landing log as Parquet: the folder that a build past one machine reads.

    DIR/orders/account=default/day=2026-11-28/*.parquet    (day: on which the order was read, UTC)
    DIR/windows/*.parquet, quarantine/, reconciliation/, absences/, clock_corrections/
    DIR/_dlt_loads/*.parquet                               (completed loads)

Tables and columns are those that dlt's filesystem destination makes of the same loads, in files of another number and
size; `account` and `day` stand in the files, too.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors import HomeError, SettingsError
from pipelines.landing.log import COMPLETED, has_table, opened
from pipelines.landing.schemas import LOAD_ID, TABLES

if TYPE_CHECKING:
    from pipelines.settings import Files

LOADS = "_dlt_loads"
PARQUET = "format parquet, compression zstd"
PARTITIONED = f"{PARQUET}, partition_by (account, day), write_partition_columns true"


@dataclass
class RawExport:
    """What was written.

    Attributes:
        folder: Where it lies.
        loads: Completed loads; rows of others are left out.
        rows: By table.
        files: Number of files.
        bytes: Their size together.
    """

    folder: Path
    loads: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


def export_raw(files: Files, folder: Path) -> RawExport:
    """Write the rows of completed loads as Parquet; the folder is there as a whole or stays as it was.

    What an earlier export left there is replaced.

    Raises:
        LockedError, HomeError: As opened; or there is no completed load, or the folder cannot be written.
        SettingsError: The folder holds something else.
    """
    _refuse_other(folder)
    report = RawExport(folder)
    draft = folder.with_name(f".{folder.name}.part")
    with opened(files) as connection:
        if has_table(connection, LOADS):
            ((report.loads,),) = connection.execute(f"select count(*) from ({COMPLETED})").fetchall()
        if not report.loads:
            raise HomeError(
                f"{files.landing} holds no completed load: there is nothing to export. Nothing was written. "
                "Run `inventorum sync` first."
            )
        try:
            _clear(folder, draft)
            draft.mkdir(parents=True, mode=0o700)
            _write(connection, draft, report)
            _count(draft, report)
            _put_in_place(draft, folder)
        except (OSError, duckdb.IOException) as fault:
            words = fault.strerror or fault if isinstance(fault, OSError) else str(fault).splitlines()[0]
            raise HomeError(
                f"{folder} could not be written: {words}. What lay there before is unchanged. "
                "Free space or choose another folder."
            ) from fault
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return report


def _write(connection: duckdb.DuckDBPyConnection, draft: Path, report: RawExport) -> None:
    for table in TABLES:
        if not has_table(connection, table):
            continue
        columns = ", ".join(f'"{name}"' for name in [*TABLES[table].names, LOAD_ID])
        of_loads = f"from raw.{table} where {LOAD_ID} in ({COMPLETED})"
        if table == "orders":
            select = f"select {columns}, cast(_read_at as date) as day {of_loads}"
            report.rows[table] = _copy(connection, select, draft / table, PARTITIONED)
        else:
            (draft / table).mkdir()
            report.rows[table] = _copy(connection, f"select {columns} {of_loads}", draft / table / "0.parquet", PARQUET)
    (draft / LOADS).mkdir()
    _copy(connection, f"select * from raw.{LOADS} where status = 0", draft / LOADS / "0.parquet", PARQUET)


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path, how: str) -> int:
    quoted = str(path).replace("'", "''")
    ((rows,),) = connection.execute(f"copy ({select}) to '{quoted}' ({how})").fetchall()
    return int(rows)


def _count(draft: Path, report: RawExport) -> None:
    sizes = [path.stat().st_size for path in draft.rglob("*.parquet")]
    report.files, report.bytes = len(sizes), sum(sizes)


def _clear(folder: Path, draft: Path) -> None:
    """Remove what an export that was killed has left; the old folder, if it was put aside, comes back."""
    shutil.rmtree(draft, ignore_errors=True)
    aside = draft.with_suffix(".old")
    if aside.exists() and not folder.exists():
        aside.rename(folder)
    shutil.rmtree(aside, ignore_errors=True)


def _put_in_place(draft: Path, folder: Path) -> None:
    aside = draft.with_suffix(".old")
    if folder.exists():
        folder.rename(aside)
    try:
        draft.rename(folder)
    except OSError:
        with suppress(OSError):
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _refuse_other(folder: Path) -> None:
    """An export is known by what lies in it: the folders of our tables and nothing else."""
    try:
        found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    except OSError as fault:
        raise SettingsError(
            f"{folder} cannot be used as a folder: {fault.strerror}. Nothing was written. Choose another one."
        ) from None
    other = [name for name in found if name not in {*TABLES, LOADS}]
    if other or (found and LOADS not in found):
        raise SettingsError(
            f"{folder} holds {other[0] if other else found[0]}, which no export of `raw` has written. Nothing was "
            "written. Choose an empty folder or one that does not exist."
        )
