"""How far loading has come, what is published and what the checks say."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import LockedError
from pipelines.landing import log as landing
from pipelines.lock import holder
from pipelines.settings import CHANNELS, Files
from transforms.readers.published import open_published


@dataclass(frozen=True)
class Status:
    """What `inventorum status` shows.

    Attributes:
        summary: Name to value, for the lines above the tables.
        channels: Per channel that was ever crawled: cursor, newest order, figures of its last crawl.
        warnings: Findings of the checks in the shop's data: check, rows, amount, sample.
    """

    summary: dict[str, Any] = field(default_factory=dict)
    channels: list[dict[str, Any]] = field(default_factory=list)
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
            as channel_cursor
    from completed
)
select channel, channel_cursor as cursor, finished_at as last_crawl, status, requests, retreats,
    row_count as "rows", quarantined, _dlt_load_id as load_id
from ranked
where newest = 1
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
    if files.warehouse.exists():
        _published(files, status, crawls)
    else:
        status.summary["published"] = "nothing yet: run `inventorum sync`; where a demo was made, add --home demo"
    return status


def _last_crawls(files: Files, status: Status) -> dict[str, dict[str, Any]]:
    if not files.landing.exists():
        return {}
    try:
        with landing.opened(files) as connection:
            if not landing.has_table(connection, "windows"):
                return {}
            cursor = connection.execute(LAST_CRAWLS)
            names = [column[0] for column in cursor.description or []]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            quarantined = connection.execute(QUARANTINED).fetchall()[0][0]
    except LockedError as error:
        status.summary["landing"] = str(error)
        return {}
    if quarantined:
        status.summary["quarantined"] = f"{quarantined} records in raw.quarantine of {files.landing.name}"
    return {row["channel"]: row for row in sorted(rows, key=lambda row: CHANNELS.index(row["channel"]))}


def _published(files: Files, status: Status, crawls: dict[str, dict[str, Any]]) -> None:
    with closing(open_published(files.warehouse)) as connection:
        orders, newest, built = connection.execute(
            "select (select count(*) from core.fct_orders), (select max(ordered_at) from core.fct_orders), "
            "(select max(built_at) from ops.loads)"
        ).fetchall()[0]
        status.summary["published"] = f"{orders} orders, newest of {newest}, built {built:%Y-%m-%d %H:%M:%S} UTC"
        per_channel = dict(
            connection.execute("select channel, max(ordered_at) from core.fct_orders group by channel").fetchall()
        )
        loads = [crawl["load_id"] for crawl in crawls.values()]
        counts = {
            (channel, load): (new, changed)
            for channel, load, new, changed in connection.execute(VERSIONS_OF_LOADS, [loads]).fetchall()
        }
        last = connection.execute(
            "select command, finished_at, exit_code, message from ops.runs order by finished_at desc limit 1"
        ).fetchall()
        warnings = connection.execute(
            "select check_name, count(*), sum(amount), min(order_id) from core.fct_findings "
            "group by check_name order by count(*) desc, check_name"
        ).fetchall()
    if last:
        command, finished, code, message = last[0]
        status.summary["last published run"] = (
            f"{command}, exit code {code}, ended {finished:%Y-%m-%d %H:%M:%S} UTC" + (f": {message}" if message else "")
        )
    for channel, crawl in crawls.items():
        load_id = crawl.pop("load_id")
        new, changed = counts.get((channel, load_id), (0, 0))
        status.channels.append(
            {
                "channel": channel,
                "status": crawl["status"],
                "cursor": crawl["cursor"],
                "newest_order": per_channel.get(channel),
                "last_crawl": crawl["last_crawl"],
                **{key: crawl[key] for key in ("requests", "retreats", "rows")},
                "new": new,
                "changed": changed,
                "quarantined": crawl["quarantined"],
            }
        )
    status.warnings.extend(
        {"check": name, "findings": count, "amount": amount, "order_id": sample}
        for name, count, amount, sample in warnings
    )
