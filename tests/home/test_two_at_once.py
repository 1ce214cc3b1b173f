"""A run meets another program at its files."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipelines import run
from pipelines.errors import LockedError
from pipelines.lock import exclusive
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings, ensure_home
from tests.conftest import Rows, Sync

WOBBLER = [("Wobbler", "6.99", 1)]
HOLD = """
import duckdb, sys
held = duckdb.connect(sys.argv[1], read_only=True)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.long
def test_a_second_run_says_who_holds_the_home_and_since_when(settings: Settings, sync: Sync) -> None:
    ensure_home(settings.files)
    with exclusive(settings.files.lock, "sync"), pytest.raises(LockedError, match=r"`inventorum sync` \(process \d+\)"):
        sync()
    assert not settings.files.landing.exists()
    assert sync().exit_code == 0


def test_a_program_that_holds_the_landing_log_is_named_and_nothing_is_lost(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.sell("ipad", items=WOBBLER, at="2026-11-02T10:00Z")
    sync()
    shop.sell("ipad", items=WOBBLER, at="2026-11-03T10:00Z")
    command = [sys.executable, "-c", HOLD, str(settings.files.landing)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=f"process {reader.pid}"):
            run.sync(settings)
        reader.communicate("")
    assert sync().orders_new == 1
    assert rows("select count(*) from core.fct_orders") == [(2,)]
