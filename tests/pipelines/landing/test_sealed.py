"""dlt's settings of anybody else change nothing, and rows that do not arrive are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipelines.errors import HomeError
from pipelines.landing import log as landing
from pipelines.landing.cursors import known_times
from pipelines.progress import Silent
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings
from tests.conftest import Rows, Sync
from tests.support.real_command import finish, start

WOBBLER = [("Wobbler", "6.99", 1)]

FOREIGN = {
    "DEV_MODE": "true",
    "FULL_REFRESH": "true",
    "REFRESH": "drop_sources",
    "DATASET_NAME": "elsewhere",
    "DATASET_NAME_LAYOUT": "prefix_%s",
    "ENABLE_DATASET_NAME_NORMALIZATION": "false",
    "SCHEMA__NAMING": "direct",
    "SOURCES__SCHEMA__NAMING": "sql_cs_v1",
    "SOURCES__INVENTORUM__SCHEMA__NAMING": "direct",
    "SCHEMA__JSON_NORMALIZER": '{"module": "nowhere"}',
    "SCHEMA_CONTRACT": "freeze",
    "SOURCES__SCHEMA_CONTRACT": "freeze",
    "MAX_TABLE_NESTING": "0",
    "RESTORE_FROM_DESTINATION": "false",
    "PIPELINES_DIR": "elsewhere",
    "IMPORT_SCHEMA_PATH": "elsewhere",
    "EXPORT_SCHEMA_PATH": "elsewhere",
    "INVENTORUM__DEV_MODE": "true",
    "INVENTORUM__SCHEMA__NAMING": "direct",
    "INVENTORUM__DESTINATION__DUCKDB__CREDENTIALS": "elsewhere.duckdb",
    "PIPELINES__INVENTORUM__DEV_MODE": "true",
    "PIPELINES__INVENTORUM__DATASET_NAME": "elsewhere",
    "DESTINATION__TYPE": "filesystem",
    "DESTINATION__CREDENTIALS": "elsewhere.duckdb",
    "DESTINATION__DUCKDB__CREDENTIALS": "elsewhere.duckdb",
    "DESTINATION__DUCKDB__CREATE_INDEXES": "true",
    "DESTINATION__STAGING_DATASET_NAME_LAYOUT": "%s",
    "CREDENTIALS": "elsewhere.duckdb",
    "BUCKET_URL": "elsewhere",
    "LOADER_FILE_FORMAT": "jsonl",
    "EXTRACT__MAX_PARALLEL_ITEMS": "0",
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
    "NORMALIZE__WORKERS": "none",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID": "true",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "false",
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "1",
    "DATA_WRITER__DISABLE_COMPRESSION": "maybe",
    "LOAD__RAISE_ON_FAILED_JOBS": "false",
    "LOAD__DELETE_COMPLETED_JOBS": "false",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "RUNTIME__LOG_LEVEL": "DEBUG",
    "RUNTIME__DLTHUB_TELEMETRY": "true",
    "RUNTIME__REQUEST_TIMEOUT": "none",
    "PROVIDERS__ENABLE_GOOGLE_SECRETS": "true",
    "PIPELINES__ENABLE_RUNTIME_TRACE": "true",
    "DLT_DEFAULT_NAMING_MODULE": "direct",
    "DLT_CONFIG_FOLDER": "elsewhere",
    "DLT_PROJECT_DIR": "elsewhere",
    "DLT_DATA_DIR": "elsewhere",
    "DLT_LOCAL_DIR": "elsewhere",
    "DLT_DLT_ID_LENGTH_BYTES": "none",
    "DLT_USE_JSON": "simplejson",
    "DLT_INTERVAL_START": "2026-01-01T00:00:00Z",
    "DLT_INTERVAL_END": "2026-01-02T00:00:00Z",
    "DLT_INTERVAL_TIMEZONE": "Nowhere/Else",
    "DLT_ALLOW_EXTERNAL_SCHEDULERS": "true",
}
CONFIG = """
dev_mode = true
full_refresh = true
dataset_name_layout = "prefix_%s"

[schema]
naming = "direct"

[normalize.parquet_normalizer]
add_dlt_id = true

[inventorum]
dataset_name = "elsewhere"

[sources.inventorum]
requests_per_second = 500
"""
TABLES = "select table_schema, table_name from information_schema.tables order by all"


def tree(folder: Path) -> set[str]:
    """The files below a folder, those of dlt's working folder aside."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if "dlt" not in path.parts}


@pytest.mark.long
@pytest.mark.parametrize("name", ["DEV_MODE", "FULL_REFRESH", "DATASET_NAME_LAYOUT", "SCHEMA__NAMING"])
def test_a_foreign_setting_in_the_environment_changes_nothing(
    name: str, shop: Shop, sync: Sync, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell("ipad", items=WOBBLER)
    sync()
    tables = rows(TABLES, raw=True)
    monkeypatch.setenv(name, FOREIGN[name])
    shop.sell("ipad", items=WOBBLER)

    assert sync().orders_new == 1
    assert rows(TABLES, raw=True) == tables
    assert rows("select count(*) from core.fct_orders") == [(2,)]


@pytest.mark.long
def test_every_foreign_setting_at_once_changes_nothing(
    shop: Shop, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell("ipad", items=WOBBLER)
    quiet, loud = Files(tmp_path / "quiet"), Files(tmp_path / "loud")
    finish(start(quiet.home, sandbox, "sync", "--json"))

    folder, user = tmp_path / "folder", tmp_path / "user"
    for place in (folder / ".dlt", user / ".dlt", user / "dlt"):
        place.mkdir(parents=True)
        (place / "config.toml").write_text(CONFIG)
    (user / ".dlt" / "secrets.toml").write_text("this is = = no TOML")
    (folder / ".dlt" / ".workspace").touch()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(user))
    monkeypatch.setenv("XDG_DATA_HOME", str(user))
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    before = tree(folder)
    for orders in (1, 1):
        report = finish(start(loud.home, sandbox, "sync", "--json"))
        assert report["orders_new"] == orders
        shop.sell("ipad", items=WOBBLER)

    assert tree(folder) == before
    assert tree(loud.home) == tree(quiet.home)
    with closing(duckdb.connect(str(loud.landing), read_only=True)) as connection:
        found = connection.execute(TABLES).fetchall()
        assert connection.execute("select count(distinct order_id) from raw.orders").fetchall() == [(2,)]
    with closing(duckdb.connect(str(quiet.landing), read_only=True)) as connection:
        assert connection.execute(TABLES).fetchall() == found


@pytest.mark.long
def test_our_own_settings_are_still_read_from_the_environment_and_from_dlts_files(
    shop: Shop, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell("ipad", items=WOBBLER)
    shop.sell("shop", items=WOBBLER)
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text('[sources.inventorum]\nchannels = ["shop"]\naccount = "file"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCES__INVENTORUM__ACCOUNT", "environment")

    finish(start(tmp_path / "home", sandbox, "sync", "--json"))
    with closing(duckdb.connect(str(tmp_path / "home" / "landing.duckdb"), read_only=True)) as connection:
        found = connection.execute("select account, channel from raw.orders").fetchall()
    assert found == [("environment", "shop")]


@pytest.mark.long
def test_rows_that_dlt_drops_end_the_run_and_the_load_does_not_count(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.sell("ipad", items=WOBBLER)
    sync()
    before = cursors_in(settings.files)
    state = (
        "select count(*) from raw._dlt_pipeline_state semi join raw._dlt_loads on _dlt_load_id = load_id and status = 0"
    )
    states = rows(state, raw=True)

    with pytest.raises(HomeError, match=r"1 of 2 rows of orders stand under the load .* the cursors stay"):
        land_orders_of_which_dlt_drops_one(settings.files)

    assert cursors_in(settings.files) == before
    assert rows(state, raw=True) == states
    shop.sell("ipad", items=WOBBLER)
    report = sync()
    assert (report.exit_code, report.orders_new) == (0, 1)
    assert rows("select count(*) from core.fct_orders") == [(2,)]


def cursors_in(files: Files) -> Mapping[str, datetime]:
    with landing.opened(files) as connection:
        return known_times(connection).cursors


def land_orders_of_which_dlt_drops_one(files: Files) -> None:
    """Two orders, one of them older than the cursor: dlt's `incremental` leaves it out without a word."""
    import dlt

    from pipelines.landing.dlt_internals import sealed
    from pipelines.landing.schemas import ORDERS, hints

    def order(number: int, watermark: datetime) -> dict[str, object]:
        texts = dict.fromkeys(("account", "content_hash", "_source", "_window_id"), "default")
        moments = {"_read_at": watermark, "_watermark": watermark}
        return texts | moments | {"order_id": number, "payload": "{}", "_read_seq": 0}

    later = datetime.now(UTC) + timedelta(hours=1)
    table = pa.Table.from_pylist([order(7, later), order(8, datetime(2020, 1, 1, tzinfo=UTC))], schema=ORDERS)

    def orders() -> Iterator[pa.Table]:
        yield table

    cursor = dlt.sources.incremental("_watermark", initial_value=datetime(2026, 1, 1, tzinfo=UTC), primary_key=())
    with sealed():
        resource = dlt.resource(
            orders(), name="orders_ipad", table_name="orders", columns=hints(ORDERS), incremental=cursor
        )
        source = dlt.source(lambda: resource, name="inventorum")()
        landing.load(files, source, Counter(orders=2), Silent())
