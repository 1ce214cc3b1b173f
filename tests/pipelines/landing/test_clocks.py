"""A server whose clock is ahead: refused where other clocks know better, and mended where it was believed."""

from __future__ import annotations

import re
import time
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from pipelines import run
from pipelines.commands.doctor.api import examine_api
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.doctor.installation import examine_installation
from pipelines.errors import CrawlError
from pipelines.landing.clocks import correct
from pipelines.landing.cursors import RELEASED, KnownTimes, known_times
from pipelines.progress import Silent
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows, Sync

WOBBLER = [("Wobbler", "6.99", 1)]
DAY, AHEAD = timedelta(days=1), timedelta(days=400)


def known(settings: Settings) -> KnownTimes:
    with closing(duckdb.connect(str(settings.files.landing), read_only=True)) as connection:
        return known_times(connection)


# Where the last run began to read.
STARTS = "select min(start_date) from raw.windows where run_id = (select max(run_id) from raw.windows)"


class _Believing(Settings):
    """As earlier releases, which believed any time."""

    @property
    def clock_tolerance(self) -> timedelta:
        return 1000 * DAY


class _Elsewhere(Settings):
    """The sandbox as if it stood on another machine; plain http reaches none in truth."""

    @property
    def clock_tolerance(self) -> timedelta:
        return DAY


def as_kind(kind: type[Settings], settings: Settings) -> Settings:
    return kind(**{field.name: getattr(settings, field.name) for field in fields(settings)})


# Whatever tells of a time at which something became known.
FUTURE = """
select count(*) from (
    select valid_from as moment from core.fct_order_versions
    union all select valid_to from core.fct_order_versions
    union all select observed_at from core.fct_order_state_changes
    union all select last_complete_watermark from ops.fct_crawl_status
    union all select last_watermark from ops.fct_loads
    union all select observed_until_at from core.fct_bookings
    union all select closed_through_date from marts.freshness
    union all select refund_date from core.fct_orders
)
where moment > now() + interval 1 hour
"""


@pytest.mark.long
@pytest.mark.parametrize("kind", [Settings, _Elsewhere], ids=["here", "elsewhere"])
def test_a_clock_that_is_far_ahead_is_refused_and_the_next_run_is_right(
    kind: type[Settings], shop: Shop, settings: Settings, rows: Rows
) -> None:
    settings = as_kind(kind, settings)
    shop.clock.set(datetime.now(UTC))
    shop.sell("ipad", items=WOBBLER)
    run.sync(settings)
    cursors = known(settings).cursors
    shop.sell("ipad", items=WOBBLER)
    ahead = settings.clock_tolerance + timedelta(hours=1)
    shop.clock.advance(ahead)

    report = run.sync(settings)
    assert report.exit_code == 6
    assert "by every other clock it cannot be later than" in str(report.channels[0]["message"])
    assert run.backfill(settings, datetime.now(UTC) - 3 * DAY, datetime.now(UTC)).exit_code == 6
    assert known(settings).cursors == cursors

    shop.clock.advance(-ahead)
    report = run.sync(settings)
    assert (report.exit_code, report.orders_new) == (0, 1)
    assert rows(FUTURE) == [(0,)]


@pytest.mark.long
@pytest.mark.parametrize("ahead", [AHEAD, timedelta(hours=20)], ids=str)
def test_a_home_that_believed_a_clock_ahead_is_mended_when_the_server_is_right_again(
    ahead: timedelta, shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.clock.set(datetime.now(UTC) - DAY)
    order = shop.sell("ipad", items=WOBBLER)
    sync()
    shop.clock.set(datetime.now(UTC) - timedelta(hours=1))
    shop.refund(order)
    shop.clock.advance(ahead)
    run.sync(as_kind(_Believing, settings))
    assert rows(FUTURE)[0][0] > 0
    payloads = rows("select order_id, payload, content_hash from raw.orders order by _read_seq", raw=True)

    shop.clock.set(datetime.now(UTC))
    later = shop.sell("ipad", items=WOBBLER)
    report = sync()

    assert (report.exit_code, report.full_build) == (0, True)
    assert "the server's clock was ahead" in str(report.full_build_reason)
    assert rows(FUTURE) == [(0,)]
    assert rows(f"select order_class from core.fct_orders where order_id = {later}") == [("sale",)]
    kept = rows("select order_id, payload, content_hash from raw.orders order by _read_seq", raw=True)
    assert set(payloads) < set(kept)
    noted = rows("select min(server_watermark - watermark) from raw.clock_corrections", raw=True)
    assert abs(noted[0][0] - ahead) < timedelta(minutes=90)

    shop.sell("shop", items=WOBBLER)
    report = sync()
    assert (report.exit_code, report.orders_new, report.full_build) == (0, 1, False)
    before = rows("from core.fct_order_versions order by all"), rows("from ops.fct_loads order by all")
    run.build(settings, full=True)
    assert (rows("from core.fct_order_versions order by all"), rows("from ops.fct_loads order by all")) == before


@pytest.mark.long
def test_versions_keep_their_order_when_several_loads_are_corrected(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.clock.set(datetime.now(UTC))
    order = shop.sell("ipad", items=WOBBLER)
    for _ in range(3):
        sync()
        shop.edit(order)
    limit = known(settings).newest
    assert limit is not None
    with closing(duckdb.connect(str(settings.files.landing))) as connection:  # all but the first load: 30 days ahead
        for table, column in (("windows", "watermark"), ("orders", "_watermark")):
            connection.execute(
                f"update raw.{table} set {column} = {column} + interval 30 day "
                "where _dlt_load_id > (select min(load_id) from raw._dlt_loads)"
            )
    states = "select _dlt_load_id from raw.orders order by _watermark, _dlt_load_id, _read_seq"
    before = rows(states, raw=True)
    now = datetime.now(UTC)
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        correct(connection, now, now, now)

    assert rows(states, raw=True) == before
    newest = known(settings).newest
    assert newest is not None
    assert newest <= now
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        correct(connection, now, now, now)
    assert known(settings).newest == newest


def test_a_machine_that_has_lost_the_time_refuses_no_server() -> None:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    for lost in (datetime(1970, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), RELEASED - DAY):
        assert KnownTimes().not_after(lost) is None
    assert KnownTimes(noted_at=now).not_after(now - DAY) is None
    assert KnownTimes(noted_at=now - DAY).not_after(now) == now + DAY
    assert KnownTimes(newest=now + 5 * DAY, noted_at=now).not_after(now) == now + 6 * DAY


@pytest.mark.long
def test_a_server_that_was_always_ahead_goes_on_without_a_correction(
    shop: Shop, sandbox: Sandbox, settings: Settings, rows: Rows
) -> None:
    shop.clock.set(datetime.now(UTC) + 3 * DAY)
    shop.sell("ipad", items=WOBBLER)
    run.sync(settings)
    time.sleep(1.1)  # the header has whole seconds
    shop.sell("ipad", items=WOBBLER)
    report = run.sync(replace(as_kind(_Elsewhere, settings), channels=("ipad",)))

    assert (report.exit_code, report.orders_new, report.full_build) == (0, 1, False)
    assert rows("select count(*) from raw.clock_corrections", raw=True) == [(0,)]


@pytest.mark.long
def test_a_home_whose_machine_and_server_were_both_ahead_is_mended_as_soon_as_both_are_right_again(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.clock.set(datetime.now(UTC))
    shop.sell("ipad", items=WOBBLER)
    sync()
    shop.clock.advance(AHEAD)
    shop.sell("ipad", items=WOBBLER)
    run.sync(as_kind(_Believing, settings))
    with closing(duckdb.connect(str(settings.files.landing))) as connection:  # this machine was ahead, too
        connection.execute(
            "update raw.windows set started_at = started_at + interval 400 day, "
            "finished_at = finished_at + interval 400 day where watermark > now() + interval 1 day"
        )
    shop.clock.set(datetime.now(UTC) + timedelta(hours=1))
    assert sync().exit_code == 6  # no second clock says what this machine's does

    shop.clock.set(datetime.now(UTC))
    shop.sell("ipad", items=WOBBLER)
    report = sync()

    assert (report.exit_code, report.full_build) == (0, True)
    assert rows(FUTURE) == [(0,)]
    assert rows("select count(*) from core.fct_orders") == [(3,)]
    shop.clock.set(datetime.now(UTC))
    shop.sell("ipad", items=WOBBLER)
    assert (sync().exit_code, sync().full_build) == (0, False)


def asked_by_doctor(settings: Settings) -> dict[str, Finding]:
    return {finding.topic: finding for finding in examine_api(settings, settings.require_login(), Silent())}


def without_seconds(text: object) -> str:
    return re.sub(r"\d\d:\d\dZ", "", str(text))


@pytest.mark.long
@pytest.mark.parametrize("moved", [timedelta(days=40), -2 * DAY], ids=["ahead", "set back"])
def test_a_clock_that_a_sync_refuses_is_refused_by_a_dry_run_and_by_doctor(
    moved: timedelta, shop: Shop, settings: Settings, sync: Sync
) -> None:
    shop.clock.set(datetime.now(UTC))
    shop.sell("ipad", items=WOBBLER)
    sync()
    assert asked_by_doctor(settings)["clock"].status == "ok"
    shop.clock.advance(moved)
    log = settings.files.landing.read_bytes()

    with pytest.raises(CrawlError) as previewed:
        run.preview(settings)
    found = asked_by_doctor(settings)["clock"]
    assert settings.files.landing.read_bytes() == log
    report = sync()

    assert (found.status, found.exit_code) == ("fail", report.exit_code) == ("fail", 6)
    words = {without_seconds(channel["message"]) for channel in report.channels}
    assert words == {without_seconds(found.found)} == {without_seconds(previewed.value)}
    if moved < timedelta():  # what the message advises is a dry run's way, too
        since = datetime.now(UTC) - 4 * DAY
        assert len(run.preview(settings, since=since)) == len(settings.channels)


@pytest.mark.long
def test_doctor_and_dry_runs_tell_what_the_next_sync_makes_of_times_that_have_not_come(
    shop: Shop, settings: Settings, sync: Sync
) -> None:
    shop.clock.set(datetime.now(UTC) - DAY)
    shop.sell("ipad", items=WOBBLER)
    sync()
    shop.sell("ipad", items=WOBBLER)
    shop.clock.advance(DAY + AHEAD)
    run.sync(as_kind(_Believing, settings))
    shop.clock.set(datetime.now(UTC))
    log = settings.files.landing.read_bytes()

    here = {finding.topic: finding for finding in examine_installation(settings)}["times"]
    asked = asked_by_doctor(settings)
    previewed = run.preview(settings)
    assert settings.files.landing.read_bytes() == log
    report = sync()

    assert (here.status, "have not come yet" in here.found) == ("warn", True)
    assert (asked["times"].status, asked["clock"].status) == ("warn", "ok")
    assert "The next sync corrects" in asked["times"].advice
    assert (report.exit_code, report.full_build) == (0, True)
    told = {row["channel"]: row["start_date"] for row in previewed}
    did = {row["channel"]: row["start_date"] for row in report.channels}
    assert told.keys() == did.keys()
    assert {name for name, time in did.items() if time} == {name for name, time in told.items() if time} == {"ipad"}
    assert abs(told["ipad"] - did["ipad"]) < timedelta(minutes=1)
    assert (
        "times" not in {finding.topic for finding in examine_installation(settings)} | asked_by_doctor(settings).keys()
    )


@pytest.mark.long
def test_doctor_tells_that_this_machine_has_lost_the_time(shop: Shop, settings: Settings, sync: Sync) -> None:
    shop.clock.set(datetime.now(UTC))
    sync()
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        connection.execute("update raw.windows set finished_at = finished_at + interval 30 day")

    found = {finding.topic: finding for finding in examine_installation(settings)}["times"]
    assert (found.status, "certainly passed" in found.found) == ("warn", True)


@pytest.mark.long
@pytest.mark.parametrize("back", [timedelta(hours=3), timedelta(days=3)], ids=str)
def test_what_changed_while_the_server_s_clock_was_set_back_comes_with_the_next_good_run(
    back: timedelta, shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.clock.set(datetime.now(UTC) - DAY)
    order = shop.sell("ipad", items=WOBBLER)
    shop.sell("shop", items=WOBBLER)
    sync()
    shop.clock.advance(-back)
    shop.cancel(order)
    new = shop.sell("shop", items=WOBBLER)
    assert run.sync(settings).exit_code == 6
    assert run.sync(settings, since=None, command="sync").exit_code == 6

    shop.clock.advance(back + timedelta(minutes=5))
    report = sync()

    assert (report.exit_code, report.orders_new, report.orders_changed) == (0, 1, 1)
    classes = f"select order_class from core.fct_orders where order_id in ({order}, {new}) order by order_id"
    assert rows(classes) == [("canceled",), ("sale",)]
    shop.clock.advance(timedelta(hours=1))
    sync()
    ((start,),) = rows(STARTS, raw=True)  # from then on as ever
    assert start is None or start > shop.clock.now() - timedelta(hours=2)


@pytest.mark.long
@pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(hours=20)], ids=str)
def test_what_changed_after_a_clock_was_ahead_comes_although_that_time_has_passed_since(
    ahead: timedelta, shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    yesterday = datetime.now(UTC) - DAY
    shop.clock.set(yesterday)
    order = shop.sell("ipad", items=WOBBLER)
    shop.clock.advance(ahead)
    sync()
    with closing(duckdb.connect(str(settings.files.landing))) as connection:  # it was yesterday
        connection.execute(
            "update raw.windows "
            "set started_at = started_at - interval 1 day, finished_at = finished_at - interval 1 day"
        )
    shop.clock.set(yesterday + timedelta(minutes=1))
    shop.cancel(order)
    new = shop.sell("ipad", items=WOBBLER)
    shop.clock.set(datetime.now(UTC))

    report = sync()

    assert (report.exit_code, report.orders_new, report.orders_changed) == (0, 1, 1)
    classes = f"select order_class from core.fct_orders where order_id in ({order}, {new}) order by order_id"
    assert rows(classes) == [("canceled",), ("sale",)]
    sync()  # from then on as ever
    assert rows(STARTS, raw=True)[0][0] > shop.clock.now() - timedelta(hours=1)


@pytest.mark.long
def test_a_server_whose_clock_is_always_ahead_is_not_read_again_and_again(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    for _ in range(2):
        shop.clock.set(datetime.now(UTC) + timedelta(hours=5))
        shop.sell("ipad", items=WOBBLER)
        sync()

    assert rows(STARTS, raw=True)[0][0] > shop.clock.now() - timedelta(hours=1)
