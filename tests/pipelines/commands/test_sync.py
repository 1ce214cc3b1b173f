"""From HTTP to the published warehouse, with everything in between as it is in production."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from pipelines import run
from pipelines.errors import HomeError, LoginError, SettingsError
from pipelines.progress import Silent
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin, parse_moment
from tests.conftest import Rows, Sync
from tests.support.warehouse import MADE_FROM_FILES

STAR = f"""
select table_schema, table_name from information_schema.tables
where {MADE_FROM_FILES} order by all
"""


def test_the_two_orders_of_the_documentation_arrive_to_the_cent(shop: Shop, sync: Sync, rows: Rows) -> None:
    shop.add_samples()

    report = sync()

    assert report.exit_code == 0
    assert rows("select state, order_class, balance_class from core.fct_orders where order_id = 8791312") == [
        (360, "sale", "unexplained")
    ]
    names = "select state_name from core.dim_order_state inner join core.bridge_order_states using (state_bit) "
    assert {name for (name,) in rows(names + "where order_id = 8791312")} == {"PAID", "SHIPPED", "DELIVERED", "CLOSED"}
    assert rows(
        "select line_gross_amount, line_net_amount, line_vat_amount, tax_rate from core.fct_order_items "
        "where order_id = 8791312"
    ) == [(Decimal("69.90"), Decimal("58.74"), Decimal("11.16"), Decimal("19.000"))]
    assert rows("select payment_amount, payment_method from core.fct_payments where order_id = 8791312") == [
        (Decimal("138.60"), "0")
    ]


@pytest.mark.long
def test_the_log_of_runs_tells_the_seconds_and_rows_of_each_step(shop: Shop, sync: Sync, rows: Rows) -> None:
    shop.add_samples()

    report = sync()

    ((seconds, counted),) = rows("select seconds, rows from ops.runs")
    assert json.loads(counted) == {"load": report.rows_read} | {
        f"build: {table}": count for table, count in report.tables.items()
    }
    assert (report.rows_read, report.tables["core.fct_orders"]) == (1, 1)
    assert json.loads(counted).keys() <= json.loads(seconds).keys() <= report.seconds.keys()


@pytest.mark.long
def test_an_order_that_is_only_pending_is_open(shop: Shop, settings: Settings, rows: Rows) -> None:
    shop.add_samples()

    run.sync(replace(settings, api_version=11))  # 12 and later leave PENDING orders out

    assert rows("select order_class from core.fct_orders where order_id = 5011967") == [("open",)]


@pytest.mark.long
def test_an_order_canceled_today_replaces_what_was_loaded_last_week(shop: Shop, sync: Sync, rows: Rows) -> None:
    order = shop.sell("ipad", items=[("Wobbler", "6.99", 10)], at="2026-11-02T10:00Z")
    sync()
    shop.cancel(order, at="2026-11-09T09:00Z")  # its own timestamps stay as they were
    report = sync()

    assert (report.orders_new, report.orders_changed) == (0, 1)
    assert rows("select order_class, version_count from core.fct_orders") == [("canceled", 2)]
    assert rows("select order_class, version_number from core.fct_order_versions order by 2") == [
        ("sale", 1),
        ("canceled", 2),
    ]
    assert rows("select sum(gross_amount) from marts.sales_by_day") == [(Decimal("0.00"),)]


def test_a_second_sync_with_nothing_new_changes_nothing_and_says_so(home: Path, settings: Settings, sync: Sync) -> None:
    before = settings.files.warehouse.read_bytes(), settings.files.warehouse.stat().st_ino
    report = sync()

    assert (report.orders_new, report.orders_changed, report.published) == (0, 0, False)
    assert (settings.files.warehouse.read_bytes(), settings.files.warehouse.stat().st_ino) == before


@pytest.mark.long
def test_every_channel_is_asked_for_by_name(shop: Shop, sandbox: Sandbox, sync: Sync, rows: Rows) -> None:
    channels = ("ipad", "shop", "ebay", "ece", "backoffice", "atalanda", "click_and_collect")
    for channel in channels:
        shop.sell(channel, items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    sync()

    assert {name for (name,) in rows("select channel from core.fct_orders")} == set(channels)
    assert all(request.params.get("channel") for request in sandbox.requests)


def test_a_reader_and_a_sync_do_not_disturb_each_other(
    shop: Shop, home: Path, settings: Settings, sync: Sync, rows: Rows
) -> None:
    with closing(duckdb.connect(str(settings.files.warehouse), read_only=True)) as reader:
        held = reader.execute("select count(*) from core.fct_orders").fetchall()
        shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-03T10:00Z")
        assert sync().exit_code == 0
        assert reader.execute("select count(*) from core.fct_orders").fetchall() == held == [(1,)]
    assert rows("select count(*) from core.fct_orders") == [(2,)]


def test_a_channel_that_cannot_be_read_keeps_its_cursor_while_the_others_are_published(
    shop: Shop, sandbox: Sandbox, settings: Settings, rows: Rows
) -> None:
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    shop.sell("shop", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    sandbox.switches.ignore_order_by = True
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T11:00Z")
    shop.edit(min(shop.orders), at="2026-11-02T12:00Z")  # the till's ids no longer ascend

    report = run.sync(settings)

    assert report.exit_code == 6
    assert "ipad" in report.message
    assert rows("select channel from core.fct_orders") == [("shop",)]
    sandbox.switches.ignore_order_by = False
    assert run.sync(settings).exit_code == 0
    assert rows("select channel, count(*) from core.fct_orders group by 1 order by 1") == [("ipad", 2), ("shop", 1)]


def test_a_refused_token_ends_the_run_and_leaves_no_warehouse(settings: Settings) -> None:
    with pytest.raises(LoginError):
        run.sync(replace(settings, login=StaticLogin("wrong")))
    assert not settings.files.warehouse.exists()


def test_without_a_login_nothing_is_asked(settings: Settings, sandbox: Sandbox) -> None:
    with pytest.raises(SettingsError):
        run.sync(replace(settings, login=None))
    assert sandbox.requests == []


@pytest.mark.long
def test_payloads_are_stored_compressed(settings: Settings, rows: Rows) -> None:
    with Sandbox(make_shop(seed=3, orders=500, days=30)) as sandbox:
        run.sync(replace(settings, base_url=sandbox.base_url, login=StaticLogin(sandbox.access_token)))

    found = "select distinct compression from pragma_storage_info('raw.orders') where column_name = 'payload'"
    assert rows(f"{found} and segment_type = 'VARCHAR'", raw=True) == [("ZSTD",)]


def test_files_are_for_their_owner_only(shop: Shop, settings: Settings, sync: Sync) -> None:
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    sync()

    readable = [path for path in settings.files.home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert readable == []


@pytest.mark.long
def test_a_deleted_work_folder_comes_back(shop: Shop, home: Path, settings: Settings, sync: Sync, rows: Rows) -> None:
    import shutil

    shutil.rmtree(settings.files.work)
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-03T10:00Z")
    report = sync()

    assert (report.orders_new, report.full_build) == (1, False)
    assert rows("select count(*) from core.fct_orders") == [(2,)]


@pytest.mark.long
@pytest.mark.parametrize("victim", ["state.json", "schemas/inventorum.schema.json"])
def test_a_truncated_file_of_dlt_is_rebuilt(
    victim: str, shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    sync()
    path = settings.files.work / "dlt" / "inventorum" / victim
    path.write_text(path.read_text()[: path.stat().st_size // 2])
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-03T10:00Z")
    report = sync()

    assert (report.exit_code, report.orders_new) == (0, 1)
    assert rows("select count(*) from core.fct_orders") == [(2,)]


def test_a_home_that_is_a_file_is_refused_without_a_trace(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(HomeError, match="is a file"):
        run.sync(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.long
def test_a_landing_log_from_a_backup_is_caught_up_whatever_the_working_folder_says(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    sync()
    backup = settings.files.landing.read_bytes()
    shop.sell("ipad", items=[("Wobbler", "6.99", 2)], at="2026-11-03T10:00Z")
    shop.clock.set("2026-11-04T10:00Z")
    sync()
    settings.files.landing.write_bytes(backup)
    sync()

    assert rows("select count(distinct order_id) from raw.orders", raw=True) == [(2,)]
    assert rows("select count(*) from core.fct_orders") == [(2,)]


@pytest.mark.long
def test_an_interrupt_stops_the_crawls_and_the_next_run_reads_everything(settings: Settings, rows: Rows) -> None:
    class Interrupting(Silent):
        def update(self, task: str, done: int, total: int | None = None) -> None:
            if task == "ipad":
                os.kill(os.getpid(), signal.SIGINT)

    shop = make_shop(seed=3, orders=2000, days=30)
    with Sandbox(shop) as sandbox:
        slow = replace(settings, base_url=sandbox.base_url, login=StaticLogin(sandbox.access_token))
        with pytest.raises(KeyboardInterrupt):
            run.sync(replace(slow, requests_per_second=5.0), progress=Interrupting())
        asked = len(sandbox.requests)
        assert run.sync(slow).exit_code == 0
        assert asked < (len(sandbox.requests) - asked) / 2

    assert rows("select count(*) from core.fct_orders")[0][0] > 1800


@pytest.mark.parametrize("name", ["o'brien", "50%", "what?", "a*b", "[1]"])
def test_a_home_that_dlt_cannot_work_in_is_refused_by_name(settings: Settings, tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="path, which dlt and DuckDB cannot take"):
        run.sync(replace(settings, files=Files(tmp_path / name)))
    assert not (tmp_path / name).exists()


def test_a_home_of_another_account_is_refused_before_anything_is_asked(
    home: Path, sandbox: Sandbox, settings: Settings, sync: Sync, rows: Rows
) -> None:
    asked = len(sandbox.requests)
    other = replace(settings, account="branch")
    with pytest.raises(SettingsError, match="holds the account default, but the settings name branch"):
        run.sync(other)
    with pytest.raises(SettingsError, match="a folder of its own"):
        run.backfill(other, datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))

    assert len(sandbox.requests) == asked
    assert rows("select distinct account from core.fct_orders") == [("default",)]
    assert sync().exit_code == 0


@pytest.mark.long
def test_a_clock_that_was_set_back_loses_nothing_to_those_who_do_as_they_are_told(
    shop: Shop, settings: Settings, rows: Rows
) -> None:
    shop.clock.set("2026-11-02T12:00:20Z")  # a crawl begins up to a second earlier
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)])
    run.sync(settings)

    shop.clock.set("2026-11-02T07:00:00Z")
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)])
    shop.clock.set("2026-11-02T09:00:00Z")
    stopped = run.sync(settings)
    assert stopped.exit_code == 6
    message = next(row["message"] for row in stopped.channels if row["channel"] == "ipad")
    assert "once more when the server's clock has passed 2026-11-02T1" in message
    told = parse_moment(message.partition("--from ")[2].partition("`")[0], what="--from")
    assert run.sync(settings, since=told).orders_new == 1

    shop.sell("ipad", items=[("Wobbler", "6.99", 1)])
    shop.clock.set("2026-11-02T12:30:00Z")
    run.sync(settings, since=told)
    assert run.sync(settings).exit_code == 0
    assert rows("select count(*) from core.fct_orders") == [(len(shop.orders),)]


@pytest.mark.long
@pytest.mark.parametrize("known", [1, 0], ids=["where an order was known", "where none was known"])
def test_reading_from_a_time_behind_the_last_crawl_leaves_no_hole(
    shop: Shop, settings: Settings, rows: Rows, known: int
) -> None:
    shop.clock.set("2026-11-02T10:00:00Z")
    for _ in range(known):
        shop.sell("ipad", items=[("Wobbler", "6.99", 1)])
    run.sync(settings)
    shop.clock.set("2026-11-02T12:00:00Z")
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)])
    shop.clock.set("2026-11-02T14:00:00Z")
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)])

    later = parse_moment("2026-11-02T13:00:00Z", what="--from")
    asked = {row["channel"]: row["orders"] for row in run.preview(settings, since=later)}
    assert asked["ipad"] == known + 2  # what was known lies in the overlap
    run.sync(settings, since=later)
    run.sync(settings)

    assert rows("select count(*) from core.fct_orders") == [(known + 2,)]


@pytest.mark.long
@pytest.mark.parametrize("name", ["dlt", "spool"])
@pytest.mark.parametrize("kind", ["file", "link"])
def test_whatever_lies_where_the_program_works_makes_room(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows, tmp_path: Path, name: str, kind: str
) -> None:
    shop.sell("ipad", items=[("Wobbler", "6.99", 1)], at="2026-11-02T10:00Z")
    settings.files.work.mkdir(parents=True)
    if kind == "file":
        (settings.files.work / name).write_text("x")
    else:
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "mine").write_text("x")
        (settings.files.work / name).symlink_to(tmp_path / "other")

    assert sync().exit_code == 0
    assert rows("select count(*) from core.fct_orders") == [(1,)]
    assert kind == "file" or [path.name for path in (tmp_path / "other").iterdir()] == ["mine"]


@pytest.mark.long
@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_landing_log_that_lost_its_end_is_named_as_damaged(
    home: Path, settings: Settings, sync: Sync, rows: Rows, share: float
) -> None:
    landing = settings.files.landing
    whole, published = landing.read_bytes(), settings.files.warehouse.read_bytes()
    landing.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(HomeError, match=r"is damaged: .*Put a backup in its place"):
        sync()
    assert settings.files.warehouse.read_bytes() == published

    landing.unlink()
    assert sync().exit_code == 0
    assert rows("select count(*) from core.fct_orders") == [(1,)]
