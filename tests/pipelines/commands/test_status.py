"""`status` tells of each channel what `marts.freshness` tells, and what readers do not see yet."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import duckdb
import pytest

from pipelines import run
from pipelines.commands.doctor.examine import examine_installation
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.status import read_status
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows, Sync

WOBBLER = [("Wobbler", "6.99", 1)]
FRESHNESS = "select channel, known_until, newest_order_at from marts.freshness order by channel"


def told(settings: Settings) -> list[tuple[Any, ...]]:
    channels = read_status(settings.files).channels
    return sorted((each["channel"], each["known_until"], each["newest_order_at"]) for each in channels)


def pending(settings: Settings) -> Finding:
    return next(found for found in examine_installation(settings) if found.topic == "pending")


@pytest.mark.long
def test_status_and_freshness_name_the_same_times(shop: Shop, settings: Settings, sync: Sync, rows: Rows) -> None:
    shop.sell("ipad", items=WOBBLER, at="2026-11-01T10:00Z")
    shop.raw("ipad", b'{"id":7,"channel":"ipad","state":64,"time_added":null,"completed_at":null,"basket":{}}')
    sync()

    assert told(settings) == rows(FRESHNESS)
    assert all(each["read_until"] == each["known_until"] for each in read_status(settings.files).channels)


@pytest.mark.long
def test_crawls_without_news_wait_for_nothing(shop: Shop, settings: Settings, sync: Sync, rows: Rows) -> None:
    shop.sell("ipad", items=WOBBLER, at="2026-11-01T10:00Z")
    sync()
    shop.clock.set("2026-11-02T18:00:00Z")
    assert not sync().published
    status = read_status(settings.files)

    assert told(settings) == rows(FRESHNESS)
    assert all(each["read_until"] > each["known_until"] for each in status.channels)
    assert status.pending == []
    assert pending(settings).status == "ok"


@pytest.mark.long
def test_loads_that_readers_do_not_see_are_told_and_a_build_brings_them(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.sell("ipad", items=WOBBLER, at="2026-11-01T10:00Z")
    sync()
    first_only = settings.files.warehouse.read_bytes()
    shop.clock.set("2026-11-02T18:00:00Z")
    shop.sell("ipad", items=WOBBLER)
    sync()
    settings.files.warehouse.write_bytes(first_only)  # as a run leaves it that died before it published
    (settings.files.work / "published.json").unlink()

    status = read_status(settings.files)
    assert len(status.pending) == 1
    assert "`inventorum build`" in status.summary["pending"]
    assert told(settings) == rows(FRESHNESS)
    assert (pending(settings).status, pending(settings).advice) == ("warn", "`inventorum build`")
    run.build(settings)
    assert read_status(settings.files).pending == []
    assert pending(settings).status == "ok"


@pytest.mark.long
def test_what_was_landed_and_never_published_is_told_channel_by_channel(
    shop: Shop, settings: Settings, sync: Sync
) -> None:
    shop.sell("ipad", items=WOBBLER, at="2026-11-01T10:00Z")
    sync()
    settings.files.warehouse.unlink()
    settings.files.build.unlink()
    status = read_status(settings.files)

    assert len(status.pending) == 1
    assert {each["channel"]: each["status"] for each in status.channels}["ipad"] == "complete"
    assert all(each["read_until"] and each["known_until"] is None for each in status.channels)


@pytest.mark.long
def test_a_channel_that_nobody_documents_is_told_behind_the_others(shop: Shop, settings: Settings, sync: Sync) -> None:
    sync()
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        connection.execute("update raw.windows set channel = 'market' where channel = 'ebay'")

    assert read_status(settings.files).channels[-1]["channel"] == "market"
