"""The dlt source as a user runs it: a script of their own, their settings, whatever destination they have."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.landing.raw_files import export_raw
from pipelines.landing.schemas import LOAD_ID, TABLES
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings
from tests import ROOT
from tests.support.postgres_server import Server, ask
from tests.support.real_command import finish, start

WOBBLER = [("Wobbler", "6.99", 1)]
PAGE = Path(__file__).parents[3] / "pipelines" / "commands" / "README.md"
(SCRIPT,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
HOUR = timedelta(hours=1)
Load = Callable[..., subprocess.CompletedProcess[str]]
Lake = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox) -> Iterator[Path]:
    """Empty but for dlt's settings."""
    folder = tmp_path / "project"
    (folder / ".dlt").mkdir(parents=True)
    (folder / ".dlt" / "config.toml").write_text(f"""
[runtime]
dlthub_telemetry = false

[sources.inventorum]
base_url = "{sandbox.base_url}"
requests_per_second = 500

[destination.filesystem]
bucket_url = "lake"

[normalize.parquet_normalizer]
add_dlt_load_id = true
""")
    (folder / ".dlt" / "secrets.toml").write_text(f'[sources.inventorum]\naccess_token = "{sandbox.access_token}"\n')
    return folder


@pytest.fixture
def load(folder: Path, tmp_path: Path) -> Load:
    """Run the script in that folder, with a home of its own."""

    def run(source: str = "inventorum_source()", destination: str = "filesystem") -> subprocess.CompletedProcess[str]:
        script = SCRIPT.replace("inventorum_source()", source).replace('"filesystem"', f'"{destination}"')
        (folder / "load.py").write_text(script)
        environment = {name: value for name, value in os.environ.items() if "__" not in name and "DLT" not in name}
        return subprocess.run(
            [sys.executable, "load.py"],
            cwd=folder,
            env=environment | {"DLT_DATA_DIR": str(tmp_path / "dlt"), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture
def lake(folder: Path) -> Lake:
    """Ask the files of a table: `{orders}` stands for them."""

    def ask(sql: str) -> list[tuple[object, ...]]:
        with closing(duckdb.connect()) as connection:
            connection.execute("set TimeZone = 'UTC'")
            for table in TABLES:
                sql = sql.replace(f"{{{table}}}", f"read_parquet('{folder}/lake/raw/{table}/*.parquet')")
            return connection.execute(sql).fetchall()

    return ask


def test_all_orders_come_once_and_then_only_what_changed(shop: Shop, load: Load, lake: Lake) -> None:
    orders = [shop.sell("ipad", items=WOBBLER) for _ in range(250)] + [shop.sell("shop", items=WOBBLER)]
    shop.clock.advance(HOUR)
    first = load()
    assert first.returncode == 0, first.stderr
    assert lake("select count(*), count(distinct order_id) from {orders}") == [(251, 251)]

    shop.clock.advance(HOUR)
    shop.cancel(orders[0])
    new = shop.sell("ebay", items=WOBBLER)
    shop.clock.advance(HOUR)
    second = load()
    assert second.returncode == 0, second.stderr
    later = "select order_id, channel from {orders} qualify rank() over (order by _dlt_load_id) > 1 order by all"
    assert lake(later) == [(orders[0], "ipad"), (new, "ebay")]

    shop.clock.advance(HOUR)
    assert load().returncode == 0
    assert lake("select count(*) from {orders}") == [(253,)]
    assert lake("select channel, count(*) from {windows} where status = 'complete' group by all order by all")[:2] == [
        ("atalanda", 3),
        ("backoffice", 3),
    ]


def test_each_table_has_its_columns_though_nothing_came(shop: Shop, load: Load, lake: Lake) -> None:
    shop.sell("shop", items=WOBBLER)
    shop.clock.advance(2 * HOUR)
    ran = load("inventorum_source(channels=['shop'], start_date='2026-11-01T19:00:00Z')")
    assert ran.returncode == 0, ran.stderr

    for table in ("orders", "windows", "quarantine"):
        columns = [name for name, *_ in lake(f"describe from {{{table}}}")]
        assert columns == [*TABLES[table].names, LOAD_ID]
    assert lake("select channel, row_count, status from {windows}") == [("shop", 0, "complete")]


@pytest.mark.long
def test_an_export_of_the_landing_log_holds_the_tables_that_the_pipeline_writes(
    shop: Shop, load: Load, lake: Lake, sync: Callable[..., object], settings: Settings, tmp_path: Path
) -> None:
    orders = [shop.sell("ipad", items=WOBBLER) for _ in range(30)]
    shop.clock.advance(HOUR)
    shop.cancel(orders[0])
    shop.clock.advance(HOUR)
    assert load().returncode == 0
    sync()
    export_raw(settings.files, tmp_path / "raw")

    told = "select account, order_id, channel, state, payload, content_hash, _source, _api_version from {} order by all"
    for table in ("orders", "windows", "quarantine"):
        exported = f"read_parquet('{tmp_path}/raw/{table}/**/*.parquet', hive_partitioning = false)"
        columns = "select column_name, column_type from (describe from {}) where column_name <> 'day'"
        assert lake(columns.format(exported)) == lake(columns.format(f"{{{table}}}"))
        if table == "orders":
            assert lake(told.format(exported)) == lake(told.format("{orders}"))


@pytest.mark.long
def test_another_destination_and_some_of_the_resources(folder: Path, shop: Shop, load: Load) -> None:
    for channel in ("ipad", "shop"):
        shop.sell(channel, items=WOBBLER)
    ran = load("inventorum_source().with_resources('orders_shop', 'windows')", destination="duckdb")
    assert ran.returncode == 0, ran.stderr

    with closing(duckdb.connect(str(folder / "shop.duckdb"), read_only=True)) as connection:
        landed = "select channel, cast(payload as json).id::bigint = order_id from raw.orders"
        assert connection.execute(landed).fetchall() == [("shop", True)]
        assert connection.execute("select channel, status from raw.windows").fetchall() == [("shop", "complete")]


@pytest.mark.long
def test_the_same_script_loads_into_postgres(folder: Path, shop: Shop, load: Load, postgres: Server) -> None:
    database = postgres.database()
    with_login = database.replace("postgres@", "postgres:any@")  # dlt asks for a password
    with (folder / ".dlt" / "secrets.toml").open("a") as secrets:
        secrets.write(f'[destination.postgres]\ncredentials = "{with_login}"\n')
    order = shop.sell("shop", items=WOBBLER)
    for _ in range(2):
        shop.clock.advance(2 * HOUR)
        ran = load(destination="postgres")
        assert ran.returncode == 0, ran.stderr

    landed = "select order_id, channel, (payload::jsonb ->> 'id')::bigint from raw.orders"
    assert ask(database, landed) == [(order, "shop", order)]
    assert ask(database, "select count(*) from raw.windows where status = 'complete'") == [(14,)]


@pytest.mark.long
def test_channels_are_named_as_for_the_program(folder: Path, shop: Shop, load: Load, lake: Lake) -> None:
    for channel in ("ipad", "shop", "ebay"):
        shop.sell(channel, items=WOBBLER)
    config = folder / ".dlt" / "config.toml"
    plain = config.read_text("utf-8")
    for channels in ('"ipad,shop"', '["ipad", "shop"]', '\'["ipad", "shop"]\''):
        config.write_text(plain.replace("[sources.inventorum]", f"[sources.inventorum]\nchannels = {channels}"))
        ran = load()
        assert ran.returncode == 0, ran.stderr

    assert lake("select channel, count(*) from {windows} group by all order by all") == [("ipad", 3), ("shop", 3)]


@pytest.mark.long
def test_a_crawl_that_cannot_be_completed_fails_the_run_and_the_next_brings_all(
    folder: Path, shop: Shop, sandbox: Sandbox, load: Load, lake: Lake
) -> None:
    for channel in ("ipad", "shop"):
        shop.sell(channel, items=WOBBLER)
    shop.clock.advance(HOUR)
    sandbox.faults.push("409", after=1)
    failed = load()
    assert failed.returncode == 1
    assert "was refused with 409" in failed.stderr
    assert not any(folder.rglob("*.parquet"))
    ran = load()

    assert ran.returncode == 0, ran.stderr
    assert lake("select channel from {orders} order by all") == [("ipad",), ("shop",)]


def test_a_missing_login_is_told_before_anything_is_asked(folder: Path, load: Load) -> None:
    (folder / ".dlt" / "secrets.toml").unlink()
    ran = load()

    assert ran.returncode == 1
    assert "No login is configured" in ran.stderr
    assert not (folder / "lake").exists()


@pytest.mark.long
def test_a_login_that_renews_itself_goes_on_from_the_token_that_was_kept(
    folder: Path, shop: Shop, sandbox: Sandbox, load: Load, lake: Lake
) -> None:
    (folder / ".dlt" / "secrets.toml").write_text(f"""
[sources.inventorum]
client_id = "{sandbox.client_id}"
client_secret = "{sandbox.client_secret}"
refresh_token = "{sandbox.refresh_token}"
""")
    shop.sell("ipad", items=WOBBLER)
    for _ in range(2):
        ran = load("inventorum_source(channels=['ipad'])")
        assert ran.returncode == 0, ran.stderr
        shop.clock.advance(48 * HOUR)

    assert Files(folder / "data").token.stat().st_mode & 0o777 == 0o600
    assert lake("select count(distinct order_id) from {orders}") == [(1,)]


@pytest.mark.long
def test_the_program_and_a_pipeline_of_ones_own_do_not_disturb_each_other(
    folder: Path, shop: Shop, sandbox: Sandbox, load: Load, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell("ipad", items=WOBBLER)
    shop.clock.advance(HOUR)
    monkeypatch.chdir(folder)
    files = Files(folder / "data")
    assert finish(start(files.home, sandbox, "sync", "--json"))["orders_new"] == 1
    assert load().returncode == 0
    shop.sell("ipad", items=WOBBLER)
    shop.clock.advance(HOUR)
    assert load().returncode == 0
    assert finish(start(files.home, sandbox, "sync", "--json"))["orders_new"] == 1

    assert lake("select count(distinct order_id) from {orders}") == [(2,)]
    with closing(duckdb.connect(str(files.landing), read_only=True)) as connection:
        assert connection.execute("select count(distinct order_id) from raw.orders").fetchall() == [(2,)]
