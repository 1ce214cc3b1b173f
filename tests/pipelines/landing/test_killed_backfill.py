"""`kill -9` in the middle of a backfill: what it had landed is not read again, and the end is right."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipelines.sandbox.answers import Request
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Settings
from tests.conftest import Rows
from tests.pipelines.landing.test_backfill import listed
from tests.support.real_command import copied, finish, start

KILLS = 4
ZONE = ZoneInfo("Europe/Berlin")
ARGUMENTS = ("backfill", "--from", "2026-10-01", "--to", "2026-11-01", "--json")
# the same program, but a package is landed after 60 orders instead of 50,000
SMALL_PACKAGES = """
from pipelines.landing import backfill as history
history.PACKAGE_ORDERS = 60
from pipelines.cli import main
main()
"""
FINISHED = """
select channel, start_date, end_date
from raw.windows
where
    endpoint = 'orders' and status = 'complete'
    and _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
"""
ORDERS = "select order_id, state, content_hash, items_gross_amount from core.fct_orders order by 1"

Slice = tuple[str, datetime, datetime]


def asked(request: Request) -> Slice:
    """The slice of time that a request to /orders/ was about."""
    start, end = (
        datetime.strptime(request.params[name], "%Y.%m.%d %H:%M:%S").replace(tzinfo=ZONE).astimezone(UTC)
        for name in ("start", "end")
    )
    return request.params["channel"], start, end


def landed(home: Path, folder: Path) -> list[Slice]:
    """The finished slices of the landing log."""
    with closing(duckdb.connect(str(copied(home / "landing.duckdb", folder)))) as connection:
        if not connection.execute("from duckdb_tables() where table_name = 'windows'").fetchall():
            return []
        connection.execute("set TimeZone = 'UTC'")
        return connection.execute(FINISHED).fetchall()


def overlaps(one: Slice, other: Slice) -> bool:
    """Whether two slices of a channel share more than an edge."""
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_killed_backfill_goes_on_behind_what_it_has_landed(settings: Settings, rows: Rows, tmp_path: Path) -> None:
    home = settings.files.home
    shop = make_shop(seed=5, orders=1500, days=31, end="2026-11-01T00:00:00Z", samples=False)
    shop.clock.set("2026-12-01T00:00:00Z")  # every slice lies so far back that it cannot grow any more
    with Sandbox(shop) as sandbox:
        finish(start(tmp_path / "undisturbed", sandbox, *ARGUMENTS))
        needed = len(sandbox.requests)
        with closing(duckdb.connect(str(tmp_path / "undisturbed" / "warehouse.duckdb"), read_only=True)) as connection:
            right = connection.execute(ORDERS).fetchall()
        sandbox.switches.latency = 0.01

        finished: list[Slice] = []
        counts = []
        for number in range(KILLS):
            begun = len(sandbox.requests)
            process = start(home, sandbox, *ARGUMENTS, program=("-c", SMALL_PACKAGES))
            while len(sandbox.requests) < begun + needed // 2 ** (number + 1) and process.poll() is None:
                time.sleep(0.002)
            assert process.poll() is None
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            again = [asked(request) for request in sandbox.requests[begun:]]
            assert [one for one in again if any(overlaps(one, done) for done in finished)] == []
            finished = landed(home, tmp_path)
            counts.append(len(finished))
        begun = len(sandbox.requests)
        report = finish(start(home, sandbox, *ARGUMENTS))
        again = [asked(request) for request in sandbox.requests[begun:]]

    assert 0 < counts[0] <= counts[1] <= counts[2] <= counts[3]
    assert 0 < len(again) < needed
    assert [one for one in again if any(overlaps(one, done) for done in finished)] == []
    assert report["exit_code"] == 0
    assert rows(ORDERS) == right
    assert {order_id for order_id, *_ in right} == listed(shop)
    doubled = "select count(*) from (select order_id from raw.orders group by all having count(*) > 2)"
    assert rows(doubled, raw=True) == [(0,)]
