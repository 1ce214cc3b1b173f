"""Versions of orders in the landing log: which read of an order is its newest, and which reads say the same.

What a version is says `same_content` in `sql/macros/json.sql`; which read is the newest, the order of `NEWEST` here and
of `sql/staging/order_versions.sql`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime
from typing import NamedTuple

import duckdb

from pipelines.inventorum.http.records import OrderRow
from pipelines.landing import log as landing
from pipelines.settings import Files
from transforms.runner.models import read_macros, sql_folder
from transforms.runner.session import create_macros

NEWEST = """
with wanted as (
    select unnest($order_ids::bigint[]) as order_id
),
candidates as (
    from wanted
    union
    select order_id from raw.orders where account = $account and _watermark >= $since::timestamptz
),
newest as (
    select order_id, max_by(rowid, (_watermark, _dlt_load_id, _read_seq, content_hash, rowid)) as row
    from raw.orders
    where
        account = $account and order_id in (from candidates)
        and _dlt_load_id in ({completed})
    group by order_id
)
select orders.order_id, orders.channel, orders.state, orders.content_hash, orders.payload
from raw.orders as orders
inner join newest on orders.rowid = newest.row
where orders.order_id in (from wanted) or regexp_matches(orders.payload, '{created}')
"""
SAY_THE_SAME = """
with pairs as (
    select
        unnest($ids::bigint[]) as order_id,
        unnest($payloads::varchar[]) as payload,
        unnest($hashes::varchar[]) as content_hash,
        unnest($payloads_before::varchar[]) as payload_before,
        unnest($hashes_before::varchar[]) as hash_before
)
select order_id
from pairs
where
    'missing' not in (content_hash, hash_before)
    and same_content(content_of(payload, content_hash), content_of(payload_before, hash_before))
"""
NOTHING = "$^"


class NewestRead(NamedTuple):
    """What an order's newest read brought."""

    order_id: int
    channel: str | None
    state: int | None
    content_hash: str
    payload: str


def newest_reads(
    connection: duckdb.DuckDBPyConnection,
    account: str,
    order_ids: Collection[int],
    *,
    since: datetime | None = None,
    created: Iterable[date] = (),
) -> list[NewestRead]:
    """The newest read of each of these orders; with `since` also that of others that were read since then.

    Costs in proportion to what was read since then.

    Args:
        created: Of those others only the ones that name one of these dates as that of their creation, as they tell
            it: in whatever zone, and possibly a few more.
    """
    if not landing.has_table(connection, "orders"):
        return []
    dates = "|".join(day.isoformat() for day in created)
    query = NEWEST.format(
        completed=landing.COMPLETED, created=f'"time_added"\\s*:\\s*"({dates})' if since and dates else NOTHING
    )
    found = connection.execute(query, {"order_ids": list(order_ids), "account": account, "since": since})
    return [NewestRead(*row) for row in found.fetchall()]


def say_the_same(rows: Iterable[OrderRow], newest: Mapping[int, NewestRead]) -> set[int]:
    """Ids of those orders, of which the hash differs, that say what their newest read in the log says."""
    pairs = [(row, newest[row.order_id]) for row in rows if row.order_id in newest]
    if not pairs:
        return set()
    with closing(duckdb.connect()) as connection:
        create_macros(connection, read_macros(sql_folder()))
        found = connection.execute(
            SAY_THE_SAME,
            {
                "ids": [row.order_id for row, _ in pairs],
                "payloads": [bytes(row.payload).decode() for row, _ in pairs],
                "hashes": [row.content_hash for row, _ in pairs],
                "payloads_before": [before.payload for _, before in pairs],
                "hashes_before": [before.content_hash for _, before in pairs],
            },
        ).fetchall()
    return {order_id for (order_id,) in found}


def written_otherwise(files: Files, account: str, rows: Sequence[OrderRow]) -> set[int]:
    """The same, of orders whose newest reads are still to be looked up.

    Raises:
        LockedError: Another program writes the log.
        HomeError: It does not exist or is no DuckDB file.
    """
    if not rows:
        return set()
    with landing.opened(files) as connection:
        newest = newest_reads(connection, account, [row.order_id for row in rows])
    return say_the_same(rows, {read.order_id: read for read in newest})
