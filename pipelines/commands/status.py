"""How far loading has come, what is published and what the checks say."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipelines.errors import LockedError
from pipelines.lock import holder
from pipelines.settings import CHANNELS, Files
from pipelines.terminal import Common, console, show_json, show_pairs, show_table


@dataclass(frozen=True)
class Status:
    """What `inventorum status` shows.

    Attributes:
        summary: Name to value, for the lines above the tables.
        channels: Per channel that was ever crawled: `known_until` and `newest_order_at` as `marts.freshness` of the
            published file tells them, `read_until` by the same rule over the landing log (later where crawls since
            brought nothing new, or where loads wait), `cursor` (where the next crawl goes on, less the overlap), and
            the figures of its last crawl.
        pending: Loads that readers do not see yet.
        warnings: Findings of the checks in the shop's data: check, rows, amount, sample.
    """

    summary: dict[str, Any] = field(default_factory=dict)
    channels: list[dict[str, Any]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)


LAST_CRAWLS = """
with completed as (
    select windows.*
    from raw.windows as windows
    inner join raw._dlt_loads as loads on windows._dlt_load_id = loads.load_id and loads.status = 0
    where windows.endpoint = 'orders/delta'
),
ranked as (
    select
        *,
        row_number() over (partition by channel order by finished_at desc, window_id desc) as newest,
        max(case when status = 'complete' and row_count > 0 then watermark end) over (partition by channel)
            as channel_cursor,
        max(case when status = 'complete' then watermark end) over (partition by channel) as read_until
    from completed
)
select channel, channel_cursor as cursor, read_until, finished_at as last_crawl, status, requests, retreats,
    row_count as "rows", quarantined, _dlt_load_id as load_id
from ranked
where newest = 1
"""

FRESHNESS = """
select channel, max(known_until), max(newest_order_at)
from marts.freshness
group by channel
"""

# A record is rejected again each time it is read again.
QUARANTINED = """
select count(distinct (account, channel, payload))
from raw.quarantine
where _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
"""

VERSIONS_OF_LOADS = """
select channel, load_id,
    count(*) filter (where version_number = 1) as new,
    count(*) filter (where version_number > 1) as changed
from core.fct_order_versions
where load_id in (select unnest(?))
group by channel, load_id
"""


def read_status(files: Files) -> Status:
    """Read both files without disturbing a run; a landing log that is being written is left out."""
    status = Status()
    status.summary["home"] = str(files.home)
    running = holder(files.lock)
    if running is not None:
        status.summary["running"] = f"{running.command} since {running.since} (process {running.pid})"
    crawls = _last_crawls(files, status)
    published = _Published()
    if files.warehouse.exists():
        published = _published(files, status, [crawl["load_id"] for crawl in crawls.values()])
    else:
        status.summary["published"] = "nothing yet" + (
            "" if status.pending else ": run `inventorum sync`; where a demo was made, add --home demo"
        )
    status.channels.extend(
        _channel(
            name,
            crawl,
            published.times.get(name, (None, None)),
            published.counts.get((name, crawl["load_id"]), (0, 0)),
        )
        for name, crawl in crawls.items()
    )
    return status


@dataclass(frozen=True)
class _Published:
    """What the published file knows of each channel.

    Attributes:
        times: `known_until` and the time of the newest order.
        counts: New and changed orders of a channel in a load.
    """

    times: dict[str, tuple[datetime | None, datetime | None]] = field(default_factory=dict)
    counts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)


def _last_crawls(files: Files, status: Status) -> dict[str, dict[str, Any]]:
    from pipelines.conditions import transform_files
    from pipelines.landing import log
    from transforms.runner.pending import pending_loads

    if not files.landing.exists():
        return {}
    try:
        with log.opened(files) as connection:
            if not log.has_table(connection, "windows"):
                return {}
            cursor = connection.execute(LAST_CRAWLS)
            names = [column[0] for column in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            quarantined = connection.execute(QUARANTINED).fetchall()[0][0]
            completed = connection.execute("select load_id from raw._dlt_loads where status = 0").fetchall()
    except LockedError as error:
        status.summary["landing"] = str(error)
        return {}
    if quarantined:
        status.summary["quarantined"] = f"{quarantined} records in raw.quarantine of {files.landing.name}"
    status.pending.extend(pending_loads(transform_files(files), [load for (load,) in completed]))
    if status.pending:
        status.summary["pending"] = f"{len(status.pending)} loads are not published yet: run `inventorum build`"
    return {row["channel"]: row for row in sorted(rows, key=_place)}


def _place(crawl: dict[str, Any]) -> tuple[int, str]:
    """The documented channels in their order, then others by name."""
    name = crawl["channel"]
    return (CHANNELS.index(name) if name in CHANNELS else len(CHANNELS), name)


def _published(files: Files, status: Status, loads: list[str]) -> _Published:
    from transforms.readers.published import open_published
    from transforms.runner.broken import read_accepted
    from transforms.runner.publish import is_as_published

    with closing(open_published(files.warehouse)) as connection:
        if not is_as_published(connection, files.warehouse, unsealed=True):
            status.summary["changed"] = (
                f"another program has written {files.warehouse.name} since it was published: its figures may not be "
                "ours. `inventorum build` publishes it anew"
            )
        orders, built = connection.execute(
            "select (select count(*) from core.fct_orders), (select max(built_at) from ops.loads)"
        ).fetchall()[0]
        times = {name: (known, newest) for name, known, newest in connection.execute(FRESHNESS).fetchall()}
        counts = {
            (channel, load): (new, changed)
            for channel, load, new, changed in connection.execute(VERSIONS_OF_LOADS, [loads]).fetchall()
        }
        last = connection.execute(
            "select command, finished_at, exit_code, message from ops.runs order by finished_at desc limit 1"
        ).fetchall()
        warnings = connection.execute(
            "select check_name, count(*), sum(amount), min(order_id) from ops.fct_findings "
            "group by check_name order by count(*) desc, check_name"
        ).fetchall()
        accepted = read_accepted(connection).values()
    newest = max((newest for _, newest in times.values() if newest), default=None)
    status.summary["published"] = f"{orders} orders" + (
        f", newest of {_second(newest)}, built {_second(built)}" if newest and built else ""
    )
    if last:
        command, finished, code, message = last[0]
        status.summary["last published run"] = f"{command}, exit code {code}, ended {_second(finished)}" + (
            f": {message}" if message else ""
        )
    if accepted:
        status.summary["broken claims"] = "; ".join(
            f"{claim.check_name} ({claim.failing_rows} rows), accepted {_second(claim.accepted_at)}"
            for claim in accepted
        )
    status.warnings.extend(
        {"check": name, "findings": count, "amount": amount, "order_id": sample}
        for name, count, amount, sample in warnings
    )
    return _Published(times, counts)


def _channel(
    name: str,
    crawl: dict[str, Any],
    times: tuple[datetime | None, datetime | None],
    counts: tuple[int, int],
) -> dict[str, Any]:
    """A channel's row: what is published of it, how far it is read, its last crawl."""
    return {
        "channel": name,
        "status": crawl["status"],
        "known_until": times[0],
        "newest_order_at": times[1],
        "read_until": crawl["read_until"],
        "cursor": crawl["cursor"],
        "last_crawl": crawl["last_crawl"],
        **{key: crawl[key] for key in ("requests", "retreats", "rows")},
        "new": counts[0],
        "changed": counts[1],
        "quarantined": crawl["quarantined"],
    }


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def status(common: Common) -> int:
    """Show per channel how far loading has come, what is published, and what the checks say.

    Example: inventorum status
    """
    found = read_status(common.settings().files)
    if common.as_json:
        show_json(found)
        return 0
    show_pairs(found.summary)
    if found.channels:
        is_ahead = any(c["read_until"] != c["known_until"] for c in found.channels)
        times = ("last_crawl", *(["read_until"] if is_ahead else []), "known_until", "newest_order_at")
        figures = ("requests", "retreats", "rows", "new", "changed", "quarantined")
        show_table(
            ["channel", "status", *(name.removesuffix("_at").replace("_", " ") for name in times)],
            [[c["channel"], c["status"], *(_minute(c[key]) for key in times)] for c in found.channels],
            title="How far each channel is read (UTC)",
        )
        show_table(
            ["channel", *figures],
            [[c["channel"], *(c[key] for key in figures)] for c in found.channels],
            title="Last crawl",
        )
        if is_ahead and not found.pending:
            console().print("What was read after `known until` held nothing new, so it was not published.")
    if found.warnings:
        show_table(list(found.warnings[0]), [list(w.values()) for w in found.warnings], title="Data quality")
    return 0


def _minute(moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{moment:%d %b %H:%M}" if moment.year == datetime.now(UTC).year else f"{moment:%d %b %Y}"
