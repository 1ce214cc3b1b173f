"""The tables of the landing log as Arrow schemas, and the rows of answers in that form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from pipelines.inventorum.wire import OrderRow

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


@dataclass
class ReadOrders:
    """Orders with the facts of their reading, one entry of each list per order."""

    rows: list[OrderRow] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    window_ids: list[str] = field(default_factory=list)
    watermarks: list[datetime] = field(default_factory=list)
    read_at: list[datetime] = field(default_factory=list)
    api_versions: list[int | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(
        self,
        row: OrderRow,
        *,
        channel: str,
        window_id: str,
        watermark: datetime,
        read_at: datetime,
        api_version: int | None,
    ) -> None:
        """Append one order."""
        self.rows.append(row)
        self.channels.append(channel)
        self.window_ids.append(window_id)
        self.watermarks.append(watermark)
        self.read_at.append(read_at)
        self.api_versions.append(api_version)


def orders_table(orders: ReadOrders, sequence: Iterable[int], *, account: str, source: str) -> pa.Table:
    """Orders as rows of `raw.orders`.

    Args:
        sequence: The number of each reading in its run.
        source: `delta` or `orders`.
    """
    count = len(orders)
    order_ids, channels, states, payloads, hashes = zip(*orders.rows, strict=True) if count else ((),) * 5
    named = [name or asked for name, asked in zip(channels, orders.channels, strict=True)]
    return pa.Table.from_arrays(
        [
            pa.repeat(pa.scalar(account), count),
            pa.array(order_ids, pa.int64()),
            pa.array(named, pa.string()),
            pa.array(states, pa.int32()),
            pa.array(payloads, pa.string()),
            pa.array(hashes, pa.string()),
            pa.repeat(pa.scalar(source), count),
            pa.array(orders.window_ids, pa.string()),
            pa.array(list(sequence), pa.int64()),
            pa.array(orders.read_at, UTC_TIMESTAMP),
            pa.array(orders.watermarks, UTC_TIMESTAMP),
            pa.array(orders.api_versions, pa.int32()),
        ],
        schema=ORDERS,
    )
