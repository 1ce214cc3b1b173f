"""Watermarks of a time that has not come yet: the server's clock was ahead, and is right again.

Which clock is believed: a watermark is the server's own time, refused where it is more than a day after every other
clock (`cursors.KnownTimes.not_after`; on loopback a month, `Settings.clock_tolerance`). Stored all the same, by an
earlier release, by less than a day or while this machine's clock was wrong, it is corrected as soon as two clocks say
that it has not come: this machine's, if it is believed, and the server's as it is now. The time by this machine's
clock at which that load began takes its place.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import duckdb

from pipelines.errors import ApiError
from pipelines.inventorum.http.client import InventorumClient
from pipelines.landing import log as landing
from pipelines.landing.cursors import KnownTimes, known_times
from pipelines.settings import Settings

MICROSECOND = timedelta(microseconds=1)

WRONG = (
    "select _dlt_load_id, min(started_at) from raw.windows where watermark > ? group by all order by min(finished_at)"
)
NOTE = """
insert into raw.clock_corrections
    (account, channel, window_id, server_watermark, watermark, corrected_at, _dlt_load_id)
select account, channel, window_id, watermark, ?, ?, ? from raw.windows where _dlt_load_id = ? and watermark > ?
"""
COUNTS = """
insert into raw._dlt_loads (load_id, schema_name, status, inserted_at, schema_version_hash)
select ?, schema_name, 0, ?, schema_version_hash from raw._dlt_loads order by inserted_at desc limit 1
"""
COLUMNS = {"windows": "watermark", "orders": "_watermark", "absences": "checked_at"}


def in_order(settings: Settings, api: InventorumClient) -> KnownTimes:
    """The times of earlier crawls, corrected where the server's clock was ahead and is right again.

    Asks the API for its time where that must be known.
    """
    with landing.kept_open(settings.files) as connection:
        known, now = known_times(connection), datetime.now(UTC)
    tolerance = settings.overlap / 2  # a crawl forgives as much
    if known.newest is None or known.newest <= now + tolerance or not known.is_believed(now):
        return known
    server = _server_time(settings, api)
    if server is None or known.newest <= max(now, server) + tolerance:
        return known
    with landing.kept_open(settings.files) as connection:
        correct(connection, max(now, server) + tolerance, now, server)
        return known_times(connection)


def _server_time(settings: Settings, api: InventorumClient) -> datetime | None:
    """What the server's clock says; None if it cannot be learned: the crawls will say what is wrong."""
    base = settings.delta_first_page
    for page in (0, 1) if base is None else (base,):
        with suppress(ApiError):
            return api.orders_delta(channel=settings.channels[0], page=page, limit=1).date
    return None


def correct(connection: duckdb.DuckDBPyConnection, limit: datetime, now: datetime, server: datetime) -> None:
    """Give every load with watermarks after `limit` the time at which it began, later than any before it.

    All or nothing. What the server had said is kept in `raw.clock_corrections`; the correction counts as a load, by
    which the next build sees that times have changed.

    Args:
        now: By this machine's clock.
        server: By the server's, at the same moment.
    """
    load_id = f"{now.timestamp():.7f}"
    connection.execute("begin")
    ((last,),) = connection.execute("select max(watermark) from raw.windows where watermark <= ?", [limit]).fetchall()
    for wrong, began in connection.execute(WRONG, [limit]).fetchall():
        right = min(began - (now - server), server)
        last = right if last is None else max(right, last + MICROSECOND)
        connection.execute(NOTE, [last, now, load_id, wrong, limit])
        _move(connection, wrong, limit, last)
    connection.execute(COUNTS, [load_id, now])
    connection.execute("commit")


def _move(connection: duckdb.DuckDBPyConnection, load_id: str, limit: datetime, right: datetime) -> None:
    for table, column in COLUMNS.items():
        connection.execute(
            f"update raw.{table} set {column} = ? where _dlt_load_id = ? and {column} > ?", [right, load_id, limit]
        )
