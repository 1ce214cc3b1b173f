"""The tables of the landing log as Arrow schemas, and the rows of answers in that form."""

from __future__ import annotations

from collections.abc import Iterable
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


def orders_table(
    rows: list[OrderRow],
    sequence: Iterable[int],
    read_at: list[datetime],
    versions: list[int | None],
    *,
    account: str,
    source: str,
    window_id: str,
    watermark: datetime,
    channel: str | None,
) -> pa.Table:
    """Orders as rows of `raw.orders`.

    Args:
        sequence, read_at, versions: Per row: its number in the run, when it was read, the API version that
            answered.
        source: `delta` or `orders`.
        channel: Stored where a record names none.
    """
    count = len(rows)
    order_ids, channels, states, payloads, hashes = zip(*rows, strict=True) if rows else ((),) * 5
    return pa.Table.from_arrays(
        [
            pa.repeat(pa.scalar(account), count),
            pa.array(order_ids, pa.int64()),
            pa.array([name or channel for name in channels], pa.string()),
            pa.array(states, pa.int32()),
            pa.array(payloads, pa.string()),
            pa.array(hashes, pa.string()),
            pa.repeat(pa.scalar(source), count),
            pa.repeat(pa.scalar(window_id), count),
            pa.array(sequence, pa.int64()),
            pa.array(read_at, UTC_TIMESTAMP),
            pa.repeat(pa.scalar(watermark, UTC_TIMESTAMP), count),
            pa.array(versions, pa.int32()),
        ],
        schema=ORDERS,
    )
