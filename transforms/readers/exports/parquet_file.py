"""A table as a Parquet file: exact decimals, times in UTC, meanings kept as metadata."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import duckdb

    from transforms.readers.exports.selection import Selected

ROW_GROUP = 122_880


def write_parquet(connection: duckdb.DuckDBPyConnection, selected: Selected, path: Path) -> None:
    """Write the rows; columns keep their types, and their meanings stand in the field metadata."""
    relation = connection.sql(selected.query, params=list(selected.parameters))
    reader = relation.to_arrow_reader(ROW_GROUP)
    schema = _documented(reader.schema, selected)
    with pq.ParquetWriter(str(path), schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))


def _documented(schema: pa.Schema, selected: Selected) -> pa.Schema:
    meanings = {column.name: column.description for column in selected.columns}
    fields = [
        pa.field(field.name, _in_utc(field.type), field.nullable, {"description": meanings.get(field.name, "")})
        for field in schema
    ]
    return pa.schema(fields, {"grain": selected.table.grain, "description": selected.table.description})


def _in_utc(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(kind) and kind.tz else kind
