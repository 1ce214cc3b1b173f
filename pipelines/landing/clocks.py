"""Watermarks of a time that has not come yet: the server's clock was ahead, and is right again.

Which clock is believed: a watermark is the server's own time, refused where it is more than a day after every other
clock (`cursors.KnownTimes.not_after`; on loopback a month, `Settings.clock_tolerance`). Stored all the same, by an
earlier release, by less than a day or while this machine's clock was wrong, it is corrected as soon as two clocks say
that it has not come: this machine's, if it is believed, and the server's as it is now. If both show the same time,
this machine's is believed though it has noted later ones: it was ahead itself. The time by this machine's clock at
which that load began takes its place.

A watermark that has come in the meantime is left as it is: which of the two clocks was wrong then, nobody knows any
more. But where it was further ahead of this machine's clock than the server's is now, the next crawl reads from the
time at which that one began by this machine's clock, for what changed since may bear earlier times than the watermark.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import duckdb

from pipelines.errors import ApiError
from pipelines.inventorum.http.client import InventorumClient
from pipelines.inventorum.http.pages import Answer
from pipelines.inventorum.reading.protocol import watermark_of
from pipelines.landing import log as landing
from pipelines.landing.cursors import ANY_BACKSTEP, RELEASED, KnownTimes, known_times
from pipelines.settings import Settings

MICROSECOND = timedelta(microseconds=1)
THE_SAME_TIME = timedelta(minutes=10)  # of two clocks that nobody has set by each other

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
        known = known_times(connection)
    clocks = _clocks(settings, api, known)
    if clocks is None:
        return known
    limit = _limit(settings, known, clocks)
    if limit is not None:
        with landing.kept_open(settings.files) as connection:
            correct(connection, limit, clocks.now, clocks.server)
            known = known_times(connection)
    return _doubted(settings, known, clocks)


def foreseen(settings: Settings, api: InventorumClient) -> KnownTimes:
    """What `in_order` would give; the landing log stays as it is."""
    if not settings.files.landing.exists():
        return KnownTimes()
    with landing.opened(settings.files) as connection:
        known = known_times(connection)
    clocks = _clocks(settings, api, known)
    if clocks is None:
        return known
    limit = _limit(settings, known, clocks)
    if limit is not None:
        with landing.opened(settings.files) as connection:
            connection.execute("create temp table windows as from raw.windows")
            for load_id, right in _right_times(connection, limit, clocks.now, clocks.server).items():
                connection.execute(
                    "update temp.windows set watermark = ? where _dlt_load_id = ? and watermark > ?",
                    [right, load_id, limit],
                )
            known = known_times(connection, "temp.windows")
    return _doubted(settings, known, clocks)


def refuse_time(
    settings: Settings, known: KnownTimes, channel: str, answer: Answer, *, any_backstep: bool = False
) -> None:
    """Refuse a channel's first answer where a crawl would.

    Raises:
        CrawlError: The server's clock was set back behind the cursor, or is ahead of every other.
    """
    watermark_of(
        answer,
        max(filter(None, (known.cursors.get(channel), known.newest)), default=None),
        ANY_BACKSTEP if any_backstep else settings.overlap / 2,
        known.not_after(datetime.now(UTC), settings.clock_tolerance),
    )


def not_come(settings: Settings, known: KnownTimes, now: datetime) -> bool:
    """Whether stored watermarks have not come yet by this machine's clock, which is believed."""
    return known.newest is not None and known.newest > now + _forgiven(settings) and known.is_believed(now)


def _forgiven(settings: Settings) -> timedelta:
    return settings.overlap / 2  # a crawl forgives as much


@dataclass(frozen=True)
class _Clocks:
    """What this machine's clock shows, and the server's at that moment."""

    now: datetime
    server: datetime


def _clocks(settings: Settings, api: InventorumClient, known: KnownTimes) -> _Clocks | None:
    """Both, where a watermark has not come by this machine's clock, or a cursor was ahead of it; else nobody asks."""
    now = datetime.now(UTC)
    is_ahead = known.newest is not None and known.newest > now + _forgiven(settings) and now >= RELEASED
    if not is_ahead and not _was_ahead(settings, known):
        return None
    server = _server_time(settings, api)
    return None if server is None else _Clocks(now, server)


def _was_ahead(settings: Settings, known: KnownTimes) -> bool:
    """Whether a cursor was ahead of this machine's clock when its crawl ended."""
    return any(known.cursors[channel] > ended + _forgiven(settings) for channel, (_, ended) in known.crawled.items())


def _limit(settings: Settings, known: KnownTimes, clocks: _Clocks) -> datetime | None:
    """Watermarks after it have come by neither clock; None: there are none, or this machine's is not believed."""
    if known.newest is None or known.newest <= clocks.now + _forgiven(settings) or clocks.now < RELEASED:
        return None
    if not (known.is_believed(clocks.now) or abs(clocks.server - clocks.now) < THE_SAME_TIME):
        return None
    limit = max(clocks.now, clocks.server) + _forgiven(settings)
    return limit if known.newest > limit else None


def _doubted(settings: Settings, known: KnownTimes, clocks: _Clocks) -> KnownTimes:
    """The same; channels whose cursor was further ahead than the server's clock is now are read from further back."""
    if not _was_ahead(settings, known):
        return known
    usual = clocks.server - clocks.now
    set_back_to = dict(known.set_back_to)
    for channel, (began, ended) in known.crawled.items():
        if known.cursors[channel] > ended + usual + _forgiven(settings):
            set_back_to[channel] = min(began + usual, set_back_to.get(channel, began + usual))
    return replace(known, set_back_to=set_back_to)


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
    for wrong, right in _right_times(connection, limit, now, server).items():
        connection.execute(NOTE, [right, now, load_id, wrong, limit])
        _move(connection, wrong, limit, right)
    connection.execute(COUNTS, [load_id, now])
    connection.execute("commit")


def _right_times(
    connection: duckdb.DuckDBPyConnection, limit: datetime, now: datetime, server: datetime
) -> dict[str, datetime]:
    """Load to the time that takes the place of its watermarks after `limit`; in the order of the loads."""
    ((last,),) = connection.execute("select max(watermark) from raw.windows where watermark <= ?", [limit]).fetchall()
    found: dict[str, datetime] = {}
    for wrong, began in connection.execute(WRONG, [limit]).fetchall():
        right = min(began - (now - server), server)
        last = found[wrong] = right if last is None else max(right, last + MICROSECOND)
    return found


def _move(connection: duckdb.DuckDBPyConnection, load_id: str, limit: datetime, right: datetime) -> None:
    for table, column in COLUMNS.items():
        connection.execute(
            f"update raw.{table} set {column} = ? where _dlt_load_id = ? and {column} > ?", [right, load_id, limit]
        )
