"""The tables of the landing log: the one definition of their columns, and the rows of answers in that form."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
from msgspec import Raw

from pipelines.inventorum.http.pages import OrderRow

UTC_TIMESTAMP = pa.timestamp("us", tz="UTC")

ORDERS = pa.schema(
    [
        pa.field("account", pa.string(), nullable=False),
        pa.field("order_id", pa.int64(), nullable=False),
        pa.field("channel", pa.string()),
        pa.field("state", pa.int32()),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("_source", pa.string(), nullable=False),
        pa.field("_window_id", pa.string(), nullable=False),
        pa.field("_read_seq", pa.int64(), nullable=False),
        pa.field("_read_at", UTC_TIMESTAMP, nullable=False),
        pa.field("_watermark", UTC_TIMESTAMP, nullable=False),
        pa.field("_api_version", pa.int32()),
    ]
)
WINDOWS = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("endpoint", pa.string(), nullable=False),
        pa.field("start_date", UTC_TIMESTAMP),
        pa.field("end_date", UTC_TIMESTAMP),
        pa.field("watermark", UTC_TIMESTAMP),
        pa.field("requests", pa.int64(), nullable=False),
        pa.field("retreats", pa.int64(), nullable=False),
        pa.field("first_total", pa.int64()),
        pa.field("last_total", pa.int64()),
        pa.field("row_count", pa.int64(), nullable=False),
        pa.field("distinct_ids", pa.int64(), nullable=False),
        pa.field("quarantined", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("message", pa.string()),
        pa.field("started_at", UTC_TIMESTAMP, nullable=False),
        pa.field("finished_at", UTC_TIMESTAMP, nullable=False),
    ]
)
QUARANTINE = pa.schema(
    [
        pa.field("account", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("endpoint", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("order_id", pa.string()),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("read_at", UTC_TIMESTAMP, nullable=False),
    ]
)


MONEY = pa.decimal128(18, 2)
RECONCILIATION = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("business_date", pa.date32(), nullable=False),
        pa.field("listed_orders", pa.int64(), nullable=False),
        pa.field("known_orders", pa.int64(), nullable=False),
        pa.field("listed_gross_amount", MONEY),
        pa.field("known_gross_amount", MONEY),
        pa.field("missing_here", pa.int64(), nullable=False),
        pa.field("missing_there", pa.int64(), nullable=False),
        pa.field("different", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("checked_at", UTC_TIMESTAMP, nullable=False),
    ]
)
ABSENCES = pa.schema(
    [
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("order_id", pa.int64(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("is_absent", pa.bool_(), nullable=False),
        pa.field("is_confirmed", pa.bool_(), nullable=False),
        pa.field("checked_at", UTC_TIMESTAMP, nullable=False),
    ]
)
# What the server's clock had said where it was ahead, one row a crawl.
CLOCK_CORRECTIONS = pa.schema(
    [
        pa.field("account", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("server_watermark", UTC_TIMESTAMP, nullable=False),
        pa.field("watermark", UTC_TIMESTAMP, nullable=False),
        pa.field("corrected_at", UTC_TIMESTAMP, nullable=False),
    ]
)

# By their names in the dataset; each has the column LOAD_ID besides, which dlt adds to what it loads.
TABLES = {
    "orders": ORDERS,
    "windows": WINDOWS,
    "quarantine": QUARANTINE,
    "reconciliation": RECONCILIATION,
    "absences": ABSENCES,
    "clock_corrections": CLOCK_CORRECTIONS,
}
LOAD_ID = "_dlt_load_id"
# For each type that occurs above: its name in DuckDB, and dlt's hints.
TYPES: dict[pa.DataType, tuple[str, dict[str, Any]]] = {
    pa.string(): ("VARCHAR", {"data_type": "text"}),
    pa.int64(): ("BIGINT", {"data_type": "bigint"}),
    pa.int32(): ("INTEGER", {"data_type": "bigint", "precision": 32}),
    pa.bool_(): ("BOOLEAN", {"data_type": "bool"}),
    pa.date32(): ("DATE", {"data_type": "date"}),
    MONEY: ("DECIMAL(18,2)", {"data_type": "decimal", "precision": 18, "scale": 2}),
    UTC_TIMESTAMP: ("TIMESTAMP WITH TIME ZONE", {"data_type": "timestamp", "precision": 6, "timezone": True}),
}


def hints(schema: pa.Schema) -> dict[str, Any]:
    """A table's columns as dlt is told of them."""
    return {f.name: {**TYPES[f.type][1], "nullable": f.nullable} for f in schema}


@dataclass(frozen=True)
class Provenance:
    """What is the same for all orders that were read at once.

    Attributes:
        channel: The one that was asked for; an order's own name for it goes before.
        watermark: The cursor column of `raw.orders`.
    """

    channel: str
    window_id: str
    watermark: datetime
    read_at: datetime
    api_version: int | None


@dataclass
class ReadOrders:
    """Orders with the facts of their reading."""

    rows: list[OrderRow] = field(default_factory=list)
    reads: list[tuple[Provenance, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, rows: Sequence[OrderRow], read: Provenance) -> None:
        """Append orders that were read at once."""
        self.rows += rows
        self.reads.append((read, len(rows)))


def _texts(payloads: Sequence[Raw]) -> pa.StringArray:
    """Payloads of less than 2 GB as a column, copied once."""
    ends = pa.array(itertools.accumulate(map(len, payloads), initial=0), pa.int32())
    data = pa.py_buffer(b"".join(payloads))
    return pa.Array.from_buffers(pa.binary(), len(payloads), [None, ends.buffers()[1], data]).cast(pa.string())


def orders_table(orders: ReadOrders, sequence: Iterable[int], *, account: str, source: str) -> pa.Table:
    """Orders as rows of `raw.orders`.

    Args:
        sequence: The number of each reading in its run.
        source: `delta` or `orders`.
    """
    count = len(orders)
    order_ids, channels, states, payloads, hashes = zip(*orders.rows, strict=True) if count else ((),) * 5
    reads = [read for read, _ in orders.reads]
    which = pa.array([number for number, (_, rows) in enumerate(orders.reads) for _ in range(rows)], pa.int32())

    def each(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
        """A value of each reading as a column of its orders."""
        return pa.array(list(values), kind).take(which)

    asked = each((read.channel for read in reads), pa.string())
    return pa.Table.from_arrays(
        [
            pa.repeat(pa.scalar(account), count),
            pa.array(order_ids, pa.int64()),
            pa.array([name or None for name in channels], pa.string()).fill_null(asked),
            pa.array(states, pa.int32()),
            _texts(payloads),
            pa.array(hashes, pa.string()),
            pa.repeat(pa.scalar(source), count),
            each((read.window_id for read in reads), pa.string()),
            pa.array(list(sequence), pa.int64()),
            each((read.read_at for read in reads), UTC_TIMESTAMP),
            each((read.watermark for read in reads), UTC_TIMESTAMP),
            each((read.api_version for read in reads), pa.int32()),
        ],
        schema=ORDERS,
    )
