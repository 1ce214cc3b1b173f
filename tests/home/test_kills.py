"""`kill -9` at any moment: the published file stays consistent, and the next run is right.

A few kills by default; INVENTORUM_KILLS=60 spreads sixty over the whole run.
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import closing
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from pipelines.sandbox import trading
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Files, Settings
from tests.support.real_command import finish, start, visible

KILLS = int(os.environ.get("INVENTORUM_KILLS", "5"))
ORDERS = 1_500

CONSISTENT = """
select
    (select count(*) from core.fct_orders),
    (select count(distinct order_id) from core.fct_orders),
    (select coalesce(sum(items_gross_amount), 0) from core.fct_orders where order_class = 'sale'),
    (select coalesce(sum(line_gross_amount), 0) from core.fct_order_items where order_class = 'sale'),
    (select coalesce(sum(gross_amount), 0) from marts.sales_by_day),
    (select count(*) from core.fct_order_versions where is_latest)
"""


def published(files: Files) -> tuple[Any, ...] | None:
    """Figures of the published file that must agree with each other; None before the first publication."""
    if not files.warehouse.exists():
        return None
    with closing(duckdb.connect(str(files.warehouse), read_only=True)) as connection:
        found: tuple[Any, ...] = connection.execute(CONSISTENT).fetchall()[0]
    return found


def stored(files: Files) -> dict[int, int]:
    """State per order in the published file."""
    with closing(duckdb.connect(str(files.warehouse), read_only=True)) as connection:
        return dict(connection.execute("select order_id, state from core.fct_orders").fetchall())


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_after_a_kill_readers_see_one_state_and_the_next_run_is_right(settings: Settings) -> None:
    chance = random.Random(7)
    home = settings.files.home
    shop = make_shop(seed=3, orders=ORDERS, days=30)
    with Sandbox(shop) as sandbox:
        finish(start(home, sandbox, "sync", "--json"))
        trading.trade(shop, sales=40, seed=KILLS)
        begin = time.monotonic()
        finish(start(home, sandbox, "sync", "--json"))
        length = time.monotonic() - begin
        hits = 0
        for number in range(KILLS):
            trading.trade(shop, sales=40, seed=number)
            process = (
                start(home, sandbox, "build", "--full", "--json")
                if number % 5 == 4
                else start(home, sandbox, "sync", "--json")
            )
            time.sleep(length * (number + chance.random()) / KILLS)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                hits += 1
            process.communicate()
            figures = published(settings.files)
            assert figures is not None
            orders, distinct, gross_orders, gross_items, gross_days, latest = figures
            assert orders == distinct == latest
            assert gross_orders == gross_items == gross_days > Decimal(0)
            if number % 3 == 2:
                finish(start(home, sandbox, "sync", "--json"))
                assert stored(settings.files) == visible(shop)
        finish(start(home, sandbox, "sync", "--json"))
        assert hits > KILLS // 2
        assert stored(settings.files) == visible(shop)
        again = finish(start(home, sandbox, "sync", "--json"))
        assert (again["orders_new"], again["orders_changed"], again["published"]) == (0, 0, False)
