"""Orders that `GET /orders/` no longer lists: what was noted of them, and their last version as `missing`."""

from __future__ import annotations

from datetime import datetime

from msgspec import Raw

from pipelines.inventorum.http.pages import OrderRow
from pipelines.landing import log as landing
from pipelines.landing.crawl import RunContext
from pipelines.landing.schemas import Provenance, ReadOrders
from pipelines.landing.versions import newest_reads
from pipelines.settings import Files

MISSING = "missing"

ABSENT_SINCE = """
with checks as (
    select absences.*
    from raw.absences as absences
    inner join raw._dlt_loads as loads on absences._dlt_load_id = loads.load_id and loads.status = 0
    where account = ? and channel = ?
),
seen as (
    select order_id, max(_watermark) as seen_at
    from raw.orders
    where order_id in (select order_id from checks) and content_hash <> 'missing'
    group by order_id
),
present as (
    select order_id, max(checked_at) as present_at from checks where not is_absent group by order_id
)
select checks.order_id, min(checks.checked_at)
from checks
left join seen on checks.order_id = seen.order_id
left join present on checks.order_id = present.order_id
where
    checks.is_absent
    and checks.checked_at > coalesce(seen.seen_at, timestamptz '1970-01-01 00:00:00+00')
    and checks.checked_at > coalesce(present.present_at, timestamptz '1970-01-01 00:00:00+00')
group by checks.order_id
"""

NOTED_ABSENT = """
select order_id
from raw.absences
where
    account = ? and channel = ?
    and _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
group by order_id
having arg_max(is_absent, (checked_at, _dlt_load_id))
"""


def absent_since(files: Files, account: str, channel: str) -> dict[int, datetime]:
    """When each order was first noted as absent, without a reading or a listing of it since."""
    with landing.opened(files) as connection:
        return dict(connection.execute(ABSENT_SINCE, [account, channel]).fetchall())


def noted_absent(files: Files, account: str, channel: str) -> set[int]:
    """The orders whose latest note says that they are absent."""
    with landing.opened(files) as connection:
        return {order_id for (order_id,) in connection.execute(NOTED_ABSENT, [account, channel]).fetchall()}


def missing_versions(files: Files, context: RunContext, confirmed: dict[int, datetime]) -> ReadOrders:
    """The last payload of each order once more, as the version that says it is missing.

    Args:
        confirmed: The server's time at which each was found to be missing.
    """
    orders = ReadOrders()
    if not confirmed:
        return orders
    with landing.opened(files) as connection:
        reads = newest_reads(connection, context.account, confirmed)
    for last in reads:
        channel = last.channel or ""
        window_id = f"{context.run_id}/{channel}/{MISSING}"
        orders.add(
            [OrderRow(last.order_id, last.channel, last.state, Raw(last.payload.encode()), MISSING)],
            Provenance(channel, window_id, confirmed[last.order_id], context.now(), api_version=None),
        )
    return orders
