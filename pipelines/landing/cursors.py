"""Where the next crawl of a channel begins, and which times the ledger of earlier crawls holds.

`begin_of` is the one place that says where. What it goes by is `raw.windows`, and dlt's own state is set by that at the
start of each load; a pipeline of anybody's own (`source`) has dlt's state only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import duckdb

from pipelines.landing import log as landing

DAY = timedelta(days=1)
ANY_BACKSTEP = timedelta(days=36_500)
# It has passed on every machine that runs this; one whose clock says less has lost the time.
RELEASED = datetime(2026, 11, 1, tzinfo=UTC)

KNOWN = """
with crawls as (
    select *, endpoint = 'orders/delta' and status = 'complete' as is_known_until
    from {windows}
    where _dlt_load_id in ({completed})
),

known as (
    select channel, max(watermark) as until, max(finished_at) as noted_at
    from crawls
    where is_known_until
    group by channel
)

select
    channel,
    max(watermark) filter (is_known_until and row_count > 0),
    max(watermark),
    max(finished_at),
    min(watermark - greatest(interval 1 day, started_at - noted_at)) filter (
        endpoint = 'orders/delta' and status = 'incomplete' and watermark < until and finished_at > noted_at
    ),
    max(until),
    arg_max(started_at, watermark) filter (is_known_until and row_count > 0),
    arg_max(finished_at, watermark) filter (is_known_until and row_count > 0)
from crawls left join known using (channel)
group by channel
"""


class _Noted(NamedTuple):
    """What KNOWN gives of a channel; see KnownTimes."""

    channel: str
    cursor: datetime | None
    newest: datetime | None
    noted_at: datetime
    set_back_to: datetime | None
    complete_until: datetime | None
    cursor_began_at: datetime | None
    cursor_ended_at: datetime | None


@dataclass(frozen=True)
class KnownTimes:
    """What earlier crawls have noted.

    Attributes:
        cursors: Per channel, the watermark of the last complete crawl that brought rows.
        newest: The latest watermark of all; those of the next crawls are later.
        noted_at: The latest time by this machine's clock.
        set_back_to: Per channel whose crawls were refused since the last complete one because the server's clock
            was set back: the time it was set back to, or earlier. What has changed since bears such times.
        complete_until: Per channel, the watermark of the last complete crawl, whether or not it brought rows.
        crawled: Per channel, when the crawl of the cursor began and ended, by this machine's clock.
    """

    cursors: Mapping[str, datetime] = field(default_factory=dict)
    newest: datetime | None = None
    noted_at: datetime | None = None
    set_back_to: Mapping[str, datetime] = field(default_factory=dict)
    complete_until: Mapping[str, datetime] = field(default_factory=dict)
    crawled: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def is_believed(self, now: datetime) -> bool:
        """Whether this machine's clock can be right: not if a time that has certainly passed is yet to come."""
        return now >= max(RELEASED, self.noted_at or RELEASED)

    def not_after(self, now: datetime, tolerance: timedelta = DAY) -> datetime | None:
        """The latest time that a server's clock may show, so much after every other clock; None: there is none.

        The others are this machine's, if it is believed, and the watermarks that are stored already: a server
        that was always ahead goes on.
        """
        return max(now, self.newest or now) + tolerance if self.is_believed(now) else None


def known_times(connection: duckdb.DuckDBPyConnection, windows: str = "raw.windows") -> KnownTimes:
    """What the landing log holds; empty before the first load.

    Args:
        windows: The ledger of crawls, or a copy of it.
    """
    if not (landing.has_table(connection, "windows") and landing.has_table(connection, "_dlt_loads")):
        return KnownTimes()
    found = connection.execute(KNOWN.format(windows=windows, completed=landing.COMPLETED)).fetchall()
    noted = [_Noted(*row) for row in found]
    return KnownTimes(
        cursors={one.channel: one.cursor for one in noted if one.cursor is not None},
        newest=max((one.newest for one in noted if one.newest is not None), default=None),
        noted_at=max((one.noted_at for one in noted), default=None),
        set_back_to={one.channel: one.set_back_to for one in noted if one.set_back_to is not None},
        complete_until={one.channel: one.complete_until for one in noted if one.complete_until is not None},
        crawled={
            one.channel: (one.cursor_began_at, one.cursor_ended_at)
            for one in noted
            if one.cursor_began_at is not None and one.cursor_ended_at is not None
        },
    )


def begin_of(
    known: KnownTimes,
    channel: str,
    *,
    since: datetime | None,
    start_date: datetime | None,
    overlap: timedelta,
) -> datetime | None:
    """From when on a crawl reads; None: from the beginning.

    Args:
        since: What the user has asked for; where it lies behind what is known, what changed in between is read, too.
        start_date: For the first crawl, and as long as none has brought an order.
        overlap: How far the others go back behind the cursor.
    """
    cursor = known.cursors.get(channel)
    if cursor is None:
        until = known.complete_until.get(channel)
        if since is None or until is None:
            return since or start_date
        return min(since, until - overlap)
    set_back_to = known.set_back_to.get(channel, cursor)
    return min(since or cursor, cursor - overlap, set_back_to - overlap)
