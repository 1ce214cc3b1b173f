"""Where an order's bytes are: every read of it in the landing log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.errors import HomeError, LockedError
from pipelines.landing import log as landing
from pipelines.lock import holder
from pipelines.settings import Files
from transforms.runner.models import read_macros, sql_folder
from transforms.runner.session import create_macros

READS = """
with reads as (
    select *, rowid as raw_row, content_of(payload, content_hash) as content
    from raw.orders
    where
        order_id = $order_id
        and account = coalesce($account, account)
        and _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
),

compared as (
    select
        *,
        lag(content_hash) over history as previous_hash,
        lag(state) over history as previous_state,
        lag(channel) over history as previous_channel,
        lag(content) over history as previous_content,
        row_number() over history as read_number
    from reads
    window history as (
        partition by account
        order by _watermark, _dlt_load_id, _read_seq, content_hash, raw_row
    )
),

told as (
    -- as staging.order_versions tells them apart
    select
        *,
        read_number = 1 or (
            content_hash is distinct from previous_hash
            and not coalesce(
                'missing' not in (content_hash, previous_hash)
                and coalesce(state = previous_state, true)
                and coalesce(channel = previous_channel, true)
                and same_content(content, previous_content),
                false
            )
        ) as is_first
    from compared
),

numbered as (
    select
        *,
        cast(count(*) filter (where is_first) over (partition by account order by read_number) as integer)
            as version_number
    from told
)

select
    account,
    version_number,
    is_first,
    _dlt_load_id as load_id,
    _window_id as window_id,
    _read_seq as read_seq,
    _read_at as read_at,
    _watermark as watermark,
    _source as source,
    channel,
    _api_version as api_version,
    octet_length(encode(payload)) as bytes,
    content_hash,
    last_value(content_hash) over (
        partition by account, version_number order by read_number
        rows between unbounded preceding and unbounded following
    ) as latest_hash,
    case when is_first then payload end as payload
from numbered
order by account, read_number
"""

WINDOWS = """
select window_id, run_id, endpoint, channel, start_date, started_at, finished_at, status, requests
from raw.windows
where window_id in (select unnest($windows))
"""

QUARANTINE = """
select reason, channel, window_id, read_at, octet_length(encode(payload)) as bytes
from raw.quarantine
where order_id = $text and account = coalesce($account, account)
order by read_at
"""


@dataclass(frozen=True)
class Read:
    """One read of an order, a row of `raw.orders`.

    Attributes:
        version_number: The version that it showed, 1 is the first.
        is_first: Whether it was the first to show that version; later ones changed nothing.
        latest_hash: The hash of the latest read that showed this version: an order may be written in other
            bytes and say the same.
        payload: The order's JSON text as sent; None on repeated reads.
    """

    account: str
    version_number: int
    is_first: bool
    load_id: str
    window_id: str
    read_seq: int
    read_at: datetime
    watermark: datetime
    source: str
    channel: str | None
    api_version: int | None
    bytes: int
    content_hash: str
    latest_hash: str
    payload: str | None = field(default=None, repr=False)


@dataclass
class Landed:
    """What the landing log holds about an order.

    Attributes:
        note: Why it could not be asked; empty when it could.
    """

    note: str = ""
    reads: list[Read] = field(default_factory=list)
    windows: dict[str, dict[str, Any]] = field(default_factory=dict)
    quarantined: list[dict[str, Any]] = field(default_factory=list)

    def versions(self) -> list[Read]:
        """The reads that first showed a version."""
        return [read for read in self.reads if read.is_first]


def read_landed(files: Files, order_id: int | None, account: str | None, text: str | None = None) -> Landed:
    """What the landing log holds, unless a run is writing it; it is closed again at once.

    Args:
        order_id: None for an id that no order can have.
        text: The id as a rejected record may have it; default: as the number.
    """
    found = Landed()
    running = holder(files.lock)
    if running is not None:
        found.note = (
            f"`inventorum {running.command}` is running and may write {files.landing.name}: payloads and their places "
            "are left out. What follows is as published; ask again when the run has ended."
        )
        return found
    try:
        _read(files, order_id, account, text or str(order_id), found)
    except LockedError as error:
        found.note = f"{error} Payloads and their places are left out; what follows is as published."
    except HomeError as error:
        found.note = f"{error} What follows is as published."
    return found


def _read(files: Files, order_id: int | None, account: str | None, text: str, found: Landed) -> None:
    with landing.opened(files) as connection:
        if not landing.has_table(connection, "orders"):
            found.note = f"{files.landing.name} holds no orders."
            return
        create_macros(connection, read_macros(sql_folder()))
        found.reads = [
            Read(*row) for row in connection.execute(READS, {"order_id": order_id, "account": account}).fetchall()
        ]
        if landing.has_table(connection, "windows"):
            windows = sorted({read.window_id for read in found.reads})
            rows = _dicts(connection.execute(WINDOWS, {"windows": windows}))
            found.windows = {row.pop("window_id"): row for row in rows}
        if landing.has_table(connection, "quarantine"):
            found.quarantined = _dicts(connection.execute(QUARANTINE, {"text": text, "account": account}))


def _dicts(result: Any) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
