"""Tables of the warehouse as Delta tables, in a folder here or in an object store."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from transforms.readers.dictionary import describe
from transforms.readers.exports.errors import ExportRefused
from transforms.readers.exports.selection import Period, Selected, select
from transforms.readers.exports.store import is_store, readable_faults, without_login
from transforms.readers.published import open_published

if TYPE_CHECKING:
    from types import ModuleType

SCHEMAS = ("core", "marts")
ROWS_AT_ONCE = 122_880
FINGERPRINT = "inventorum_fingerprint"  # of the rows, in the notes of each commit
COMMITS_LOOKED_AT = 20
LEFT = "Tables that had been written are whole, the others are as they were."


@dataclass(frozen=True)
class DeltaWritten:
    """A table as it stands there now.

    Attributes:
        version: Delta's number of its state.
        is_new: Whether this export made that version.
    """

    table: str
    path: str
    rows: int
    version: int
    is_new: bool


def export_delta(
    published: Path, output: str, *, names: Sequence[str] = (), timezone: str = "UTC"
) -> list[DeltaWritten]:
    """Write tables as `OUTPUT/schema/table`, each in one commit; one whose rows are as they were gets none.

    Readers of a table see its old state or its new one. Old versions stay until they are vacuumed.

    Args:
        output: A folder, or a URL such as `s3://bucket/folder`.
        names: Tables such as `sales_by_day` or `core.fct_orders`; default: all of core and marts.

    Raises:
        ExportRefused: A table does not exist, something else lies in its place, or `deltalake` is not installed.
        ExportFailed: A table could not be written; those before it are, and each is whole.
        TransformError: There is no published warehouse.
    """
    deltalake = _program()
    described = describe(published)
    wanted = list(names) or [table.full_name for table in described if table.schema in SCHEMAS]
    shown = without_login(output)
    with closing(open_published(published, timezone)) as connection:
        selected = select(connection, described, wanted, Period())
        places = {
            table.table.full_name: f"{output.rstrip('/')}/{table.table.schema}/{table.table.name}" for table in selected
        }
        with readable_faults(shown, output, LEFT):
            there = {name: _standing(deltalake, place, name) for name, place in places.items()}
            return [
                _write(deltalake, connection, table, places[name], there[name])
                for table in selected
                for name in [table.table.full_name]
            ]


def _program() -> ModuleType:
    try:
        import deltalake
    except ImportError:
        raise ExportRefused(
            "Delta tables are written by `deltalake`, which is not installed. Nothing was written. "
            "Run `pip install 'inventorum-warehouse[delta]'`."
        ) from None
    return deltalake


def _standing(deltalake: ModuleType, place: str, name: str) -> Any:
    """The Delta table that lies there; null: nothing does.

    Raises:
        ExportRefused: Something else lies there.
    """
    if deltalake.DeltaTable.is_deltatable(place):
        found = deltalake.DeltaTable(place)
        if found.metadata().name == name:
            return found
    elif is_store(place) or not Path(place).exists() or not any(Path(place).iterdir()):
        return None
    raise ExportRefused(
        f"{without_login(place)} holds something that no export of {name} has written. Nothing was written. "
        "Choose another folder."
    )


def _write(
    deltalake: ModuleType, connection: duckdb.DuckDBPyConnection, table: Selected, place: str, there: Any
) -> DeltaWritten:
    name, shown = table.table.full_name, without_login(place)
    fingerprint = _fingerprint(connection, table)
    if there is not None and _noted(there) == fingerprint:
        return DeltaWritten(name, shown, table.rows, there.version(), is_new=False)
    reader = connection.sql(table.query, params=list(table.parameters)).to_arrow_reader(ROWS_AT_ONCE)
    schema = _documented(reader.schema, table)
    deltalake.write_deltalake(
        place,
        pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in reader)),
        mode="overwrite",
        schema_mode="overwrite",
        name=name,
        description=table.table.description,
        commit_properties=deltalake.CommitProperties(custom_metadata={FINGERPRINT: fingerprint}),
    )
    return DeltaWritten(name, shown, table.rows, deltalake.DeltaTable(place).version(), is_new=True)


def _fingerprint(connection: duckdb.DuckDBPyConnection, table: Selected) -> str:
    """Of the rows in any order, the columns and what is said about them."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    relation = f'"{table.table.schema}"."{table.table.name}"'
    ((rows, total),) = connection.execute(f"select count(*), sum(hash({columns})) from {relation}").fetchall()
    words = [f"{column.name} {column.type} {column.description}" for column in table.columns]
    ((said,),) = connection.execute("select md5(?)", ["\n".join([table.table.comment, *words])]).fetchall()
    return f"{duckdb.__version__} {rows} {total} {said}"


def _noted(there: Any) -> str | None:
    """The fingerprint of the last commit that changed rows; what optimizes or vacuums has none."""
    for commit in there.history(COMMITS_LOOKED_AT):
        if FINGERPRINT in commit:
            return str(commit[FINGERPRINT])
        if commit.get("operation") not in ("OPTIMIZE", "VACUUM START", "VACUUM END"):
            return None
    return None


def _documented(schema: pa.Schema, table: Selected) -> pa.Schema:
    meanings = {column.name: column.description for column in table.columns}
    return pa.schema(
        [
            pa.field(field.name, _kind(field.type), metadata={"comment": meanings.get(field.name, "")})
            for field in schema
        ]
    )


def _kind(kind: pa.DataType) -> pa.DataType:
    """Delta keeps moments in UTC."""
    return pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(kind) and kind.tz else kind
