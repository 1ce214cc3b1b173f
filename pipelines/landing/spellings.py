"""Orders that are written otherwise than the log has them, but say the same: no new version (`sql/macros.sql`)."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.inventorum.http.pages import OrderRow
from pipelines.landing import log as landing
from pipelines.settings import Files
from transforms.runner.models import sql_folder
from transforms.runner.reader import read_macros

SAY_THE_SAME = """
with sent as (
    select
        unnest($ids::bigint[]) as order_id,
        unnest($payloads::varchar[]) as payload,
        unnest($hashes::varchar[]) as content_hash
),
newest as (
    select order_id, payload, content_hash
    from raw.orders
    where
        account = $account and order_id in (select order_id from sent)
        and _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
    qualify row_number() over (partition by order_id order by _watermark desc, _dlt_load_id desc, _read_seq desc) = 1
),
compared as (
    select
        sent.order_id,
        content_of(sent.payload, sent.content_hash) as content,
        content_of(newest.payload, newest.content_hash) as content_before
    from sent
    inner join newest on sent.order_id = newest.order_id
    where newest.content_hash <> 'missing'
)
select order_id from compared where same_content(content, content_before)
"""


def written_otherwise(files: Files, account: str, rows: Sequence[OrderRow]) -> set[int]:
    """Ids of those orders, of which the hash differs, that say what the newest read in the log says.

    Raises:
        LockedError: Another program writes the log.
        HomeError: It does not exist or is no DuckDB file.
    """
    if not rows:
        return set()
    with landing.opened(files) as connection:
        connection.execute(read_macros(sql_folder()))
        found = connection.execute(
            SAY_THE_SAME,
            {
                "ids": [row.order_id for row in rows],
                "payloads": [bytes(row.payload).decode() for row in rows],
                "hashes": [row.content_hash for row in rows],
                "account": account,
            },
        ).fetchall()
    return {order_id for (order_id,) in found}
