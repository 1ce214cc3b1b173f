"""Writes landing files as the loader leaves them, from orders that a test spells out.

An order is a dict (written as JSON) or the payload text itself; loads group orders as they were read:

    write_landing(path, [[order_a, order_b], Load([order_a_later], watermark=at(2))])
    append_load(path, [order_c], watermark=at(3))
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

Order = Mapping[str, Any] | str

FIRST_WATERMARK = datetime(2026, 11, 1, 6, tzinfo=UTC)
REQUEST_DEPENDENT = frozenset({"delta_state", "user_id", "available_refund_types"})

CREATE = """
create schema if not exists raw;
create table if not exists raw.orders (
    account varchar, order_id bigint, channel varchar, state integer, payload varchar, content_hash varchar,
    _source varchar, _window_id varchar, _read_seq bigint, _read_at timestamptz, _watermark timestamptz,
    _api_version integer, _dlt_load_id varchar
);
create table if not exists raw.windows (
    run_id varchar, window_id varchar, account varchar, channel varchar, endpoint varchar,
    start_date timestamptz, end_date timestamptz, watermark timestamptz, requests bigint, retreats bigint,
    first_total bigint, last_total bigint, row_count bigint, distinct_ids bigint, quarantined bigint,
    status varchar, message varchar, started_at timestamptz, finished_at timestamptz, _dlt_load_id varchar
);
create table if not exists raw.quarantine (
    account varchar, channel varchar, endpoint varchar, reason varchar, order_id varchar, payload varchar,
    window_id varchar, read_at timestamptz, _dlt_load_id varchar
);
create table if not exists raw.reconciliation (
    run_id varchar, account varchar, channel varchar, business_date date, listed_orders bigint,
    known_orders bigint, listed_gross_amount decimal(18, 2), known_gross_amount decimal(18, 2),
    missing_here bigint, missing_there bigint, different bigint, status varchar, checked_at timestamptz,
    _dlt_load_id varchar
);
create table if not exists raw.absences (
    run_id varchar, account varchar, order_id bigint, channel varchar, is_absent boolean,
    is_confirmed boolean, checked_at timestamptz, _dlt_load_id varchar
);
create table if not exists raw._dlt_loads (
    load_id varchar, schema_name varchar, status bigint, inserted_at timestamptz, schema_version_hash varchar
);
"""


@dataclass(frozen=True)
class Load:
    """What one run of the loader brought.

    Attributes:
        orders: Orders in the order they were read.
        watermark: The server's clock at the start of the crawl; default: one hour after the previous load.
        load_id: Default: one greater than the previous load's.
        status: dlt's status; 0 is complete, anything else must be ignored downstream.
        source: `delta` or `orders` (the backfill).
        windows: Values that differ from a complete window, one dict for each row of `raw.windows`; each names
            its channel. Default: a complete window for each channel that the orders name.
        quarantine: Values of rows of `raw.quarantine`.
    """

    orders: Sequence[Order]
    watermark: datetime | None = None
    load_id: str | None = None
    status: int = 0
    account: str = "default"
    source: str = "delta"
    windows: Sequence[Mapping[str, Any]] | None = None
    quarantine: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def write_landing(path: Path, loads: Iterable[Load | Sequence[Order]]) -> None:
    """Create a landing file, or add to the one that stands there."""
    with duckdb.connect(path, config={"storage_compatibility_version": "v1.2.0"}) as connection:
        connection.execute(CREATE)
        for load in loads:
            _write(connection, load if isinstance(load, Load) else Load(load))


def append_load(
    path: Path,
    orders: Sequence[Order],
    watermark: datetime | None = None,
    load_id: str | None = None,
    status: int = 0,
    **more: Any,
) -> None:
    """Add one load; `more` are further fields of `Load`."""
    write_landing(path, [Load(orders, watermark=watermark, load_id=load_id, status=status, **more)])


def payload_of(order: Order) -> str:
    """The text that the API would send; decimals travel as strings, as on the wire."""
    return order if isinstance(order, str) else json.dumps(order, default=_plain, ensure_ascii=False)


def content_hash(payload: str) -> str:
    """Hash over the members that do not depend on the request, whatever their order and white space.

    Marked where a name comes twice.
    """
    try:
        members = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
    except msgspec.MsgspecError:
        return hashlib.blake2b(payload.encode("utf-8", "replace"), digest_size=16).hexdigest()
    kept = sorted((name, raw) for name, raw in members.items() if name not in REQUEST_DEPENDENT)
    text = ",".join(f"{json.dumps(name)}:{_compact(bytes(raw).decode())}" for name, raw in kept)
    names = json.loads(payload, object_pairs_hook=lambda pairs: [name for name, _ in pairs])
    mark = "" if len(names) == len(members) else "-twice"
    return hashlib.blake2b(f"{{{text}}}".encode(), digest_size=16).hexdigest() + mark


def _compact(text: str) -> str:
    return re.sub(r'("(?:[^"\\]|\\.)*")|\s+', lambda match: match.group(1) or "", text)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{value!r} is no JSON")


def _write(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    newest_id, newest_watermark = connection.execute(
        "select max(load_id), (select max(watermark) from raw.windows) from raw._dlt_loads"
    ).fetchall()[0]
    load_id = load.load_id or f"{float(newest_id or 1_793_500_000) + 1:.6f}"
    watermark = load.watermark or (
        newest_watermark.astimezone(UTC) + timedelta(hours=1) if newest_watermark else FIRST_WATERMARK
    )
    rows = [_order_row(order, load, load_id, watermark, read_seq) for read_seq, order in enumerate(load.orders)]
    _insert(connection, "orders", rows)
    _insert(
        connection,
        "windows",
        [_window_row(window, rows, load, load_id, watermark) for window in _windows(load, rows)],
    )
    _insert(
        connection,
        "quarantine",
        [_quarantine_row(values, load, load_id, watermark) for values in load.quarantine],
    )
    connection.execute(
        "insert into raw._dlt_loads values (?, 'inventorum', ?, ?, 'test')", [load_id, load.status, watermark]
    )


def _order_row(order: Order, load: Load, load_id: str, watermark: datetime, read_seq: int) -> dict[str, Any]:
    payload = payload_of(order)
    try:
        head = json.loads(payload, strict=False)
    except ValueError:
        found = re.search(r'"id"\s*:\s*(\d+)', payload)
        head = {"id": int(found.group(1))} if found else {}
    return {
        "account": load.account,
        "order_id": head["id"],
        "channel": channel if isinstance(channel := head.get("channel"), str) else None,
        "state": _state(head.get("state")),
        "payload": payload,
        "content_hash": content_hash(payload),
        "_source": load.source,
        "_window_id": f"{load_id}-{head.get('channel')}",
        "_read_seq": read_seq,
        "_read_at": watermark + timedelta(seconds=1),
        "_watermark": watermark,
        "_api_version": 12,
        "_dlt_load_id": load_id,
    }


def _state(sent: Any) -> int | None:
    """As the loader types it: whole numbers and text of digits that fit an INTEGER."""
    if isinstance(sent, bool) or not (isinstance(sent, int) or (isinstance(sent, str) and sent.isdigit())):
        return None
    return int(sent) if -(2**31) <= int(sent) < 2**31 else None


def _windows(load: Load, rows: list[dict[str, Any]]) -> Sequence[Mapping[str, Any]]:
    if load.windows is not None:
        return load.windows
    return [{"channel": channel} for channel in sorted({row["channel"] or "" for row in rows})]


def _window_row(
    values: Mapping[str, Any], rows: list[dict[str, Any]], load: Load, load_id: str, watermark: datetime
) -> dict[str, Any]:
    mine = [row for row in rows if row["channel"] == values["channel"]]
    return {
        "run_id": f"run-{load_id}",
        "window_id": f"{load_id}-{values['channel']}",
        "account": load.account,
        "endpoint": "orders/delta" if load.source == "delta" else "orders",
        "start_date": None,
        "end_date": None,
        "watermark": watermark,
        "requests": 1,
        "retreats": 0,
        "first_total": len(mine),
        "last_total": len(mine),
        "row_count": len(mine),
        "distinct_ids": len({row["order_id"] for row in mine}),
        "quarantined": 0,
        "status": "complete",
        "message": None,
        "started_at": watermark,
        "finished_at": watermark + timedelta(seconds=2),
        "_dlt_load_id": load_id,
    } | dict(values)


def _quarantine_row(values: Mapping[str, Any], load: Load, load_id: str, watermark: datetime) -> dict[str, Any]:
    return {
        "account": load.account,
        "channel": "ipad",
        "endpoint": "orders/delta",
        "reason": "no id",
        "order_id": None,
        "payload": "{}",
        "window_id": f"{load_id}-ipad",
        "read_at": watermark,
        "_dlt_load_id": load_id,
    } | dict(values)


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.register("new_rows", pa.Table.from_pylist(rows))
        connection.execute(f"insert into raw.{table} by name select * from new_rows")
        connection.unregister("new_rows")
