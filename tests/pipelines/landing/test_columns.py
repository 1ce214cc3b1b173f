"""The columns of `raw`, whatever the first load brought, and in homes that earlier releases left in another form."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from pipelines import run
from pipelines.errors import HomeError
from pipelines.landing.columns import FOUND, Column, expected
from pipelines.landing.schemas import TABLES
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings
from tests.conftest import Rows, Sync

WOBBLER = [("Wobbler", "6.99", 1)]
NO_ORDER = b'{"state":256}'
FIRST, LAST = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)

Step = Callable[[Settings, Shop, Sandbox], object]


def columns(files: Files) -> dict[str, dict[str, Column]]:
    """The columns of our tables as they are."""
    found: dict[str, dict[str, Column]] = {}
    with closing(duckdb.connect(str(files.landing), read_only=True)) as connection:
        for table, name, kind, is_nullable in connection.execute(FOUND).fetchall():
            if table in TABLES:
                found.setdefault(table, {})[name] = Column(kind, is_nullable)
    return found


WANTED = {table: expected(schema) for table, schema in TABLES.items()}


def syncs(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    return run.sync(settings)


def sells_and_syncs(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    shop.sell("ipad", items=WOBBLER)
    return run.sync(settings)


def backfills(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    return run.backfill(settings, FIRST, LAST)


def reconciles(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    return run.reconcile(settings)


def starts_in_the_future(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    shop.sell("ipad", items=WOBBLER)
    return run.sync(replace(settings, start_date=datetime(2027, 1, 1, tzinfo=UTC)))


def reads_an_empty_channel(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    shop.sell("ipad", items=WOBBLER)
    return run.sync(replace(settings, channels=("ebay",)))


def is_refused(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    sandbox.faults.push("400", times=7)
    return run.sync(settings)


def is_redirected(settings: Settings, shop: Shop, sandbox: Sandbox) -> object:
    sandbox.faults.push("redirect", times=7)
    return run.sync(settings)


BEGINNINGS: tuple[Step, ...] = (
    syncs,
    backfills,
    reconciles,
    starts_in_the_future,
    reads_an_empty_channel,
    is_refused,
    is_redirected,
)


@pytest.mark.cases(1)
@pytest.mark.parametrize("begin", BEGINNINGS, ids=lambda step: step.__name__)
def test_orders_and_quarantine_arrive_after_a_first_run_that_landed_no_order(
    begin: Step, shop: Shop, sandbox: Sandbox, settings: Settings, rows: Rows
) -> None:
    begin(settings, shop, sandbox)
    assert rows("select count(*) from raw.orders", raw=True) == [(0,)]
    assert columns(settings.files) == WANTED

    shop.sell("ipad", items=WOBBLER)
    shop.raw("shop", NO_ORDER)
    report = run.sync(settings)

    assert (report.exit_code, report.orders_new, report.quarantined) == (7, len(shop.orders) - 1, 1)
    assert columns(settings.files) == WANTED
    shop.sell("ipad", items=WOBBLER)
    assert run.reconcile(settings).orders_new == 1


# What the release of 27 November made of each beginning, found by running it: tables that got no rows in the first
# load of their resource had a column `_dlt_id NOT NULL`, in the file and in dlt's schema.
SPOILED: dict[str, tuple[Step, tuple[str, ...]]] = {
    "a first run without orders": (syncs, ("orders", "quarantine")),
    "an ordinary home": (sells_and_syncs, ("quarantine",)),
    "a backfill without orders first": (backfills, ("orders", "quarantine")),
    "a reconciliation without orders first": (
        reconciles,
        ("orders", "quarantine", "reconciliation", "absences"),
    ),
}


def spoil(files: Files, tables: tuple[str, ...]) -> None:
    """Give tables the column that an earlier release gave them."""
    from dlt.common.schema import Schema

    with closing(duckdb.connect(str(files.landing))) as connection:
        for table in tables:
            kept = connection.execute(f"select count(*) from raw.{table}").fetchall()
            assert kept == [(0,)]
            connection.execute(f"alter table raw.{table} add column _dlt_id varchar")
            connection.execute(f"alter table raw.{table} alter column _dlt_id set not null")
        ((text,),) = connection.execute(
            "select schema from raw._dlt_version where schema_name = 'inventorum' order by inserted_at desc limit 1"
        ).fetchall()
        schema = Schema.from_dict(json.loads(text))
        for table in tables:
            known = schema.tables.get(table) or {"name": table, "columns": {}}
            known["columns"]["_dlt_id"] = {"name": "_dlt_id", "data_type": "text", "nullable": False, "row_key": True}
            schema.tables[table] = known
        changed = schema.to_dict()
        connection.execute("delete from raw._dlt_version where schema_name = 'inventorum'")
        connection.execute(
            "insert into raw._dlt_version values (?, ?, now(), 'inventorum', ?, ?)",
            [changed["version"], changed["engine_version"], changed["version_hash"], json.dumps(changed)],
        )


@pytest.mark.long
@pytest.mark.parametrize(("begin", "tables"), SPOILED.values(), ids=SPOILED)
def test_a_home_that_an_earlier_release_spoiled_is_mended_by_the_next_run(
    begin: Step, tables: tuple[str, ...], shop: Shop, sandbox: Sandbox, settings: Settings, rows: Rows
) -> None:
    begin(settings, shop, sandbox)
    spoil(settings.files, tables)
    windows = rows("from raw.windows order by window_id", raw=True)
    assert columns(settings.files) != WANTED
    shutil.rmtree(settings.files.work)

    shop.sell("ipad", items=WOBBLER)
    shop.raw("shop", NO_ORDER)
    report = run.sync(settings)

    assert (report.exit_code, report.quarantined) == (7, 1)
    assert rows("select count(*) from core.fct_orders") == [(len(shop.orders) - 1,)]
    assert columns(settings.files) == WANTED
    assert set(windows) < set(rows("from raw.windows", raw=True))
    ((stored,),) = rows("select schema from raw._dlt_version order by inserted_at desc limit 1", raw=True)
    assert '"_dlt_id"' not in json.dumps({table: json.loads(stored)["tables"].get(table) for table in tables})
    assert run.backfill(settings, FIRST, LAST).exit_code == 7
    assert run.reconcile(settings).exit_code == 7


@pytest.mark.long
def test_a_table_or_column_that_is_missing_or_of_another_type_comes_back_and_no_row_is_lost(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    shop.sell("ipad", items=WOBBLER)
    sync()
    before = rows("select order_id, state, payload, _watermark from raw.orders", raw=True)
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        connection.execute(
            """
            drop table raw.quarantine;
            drop table raw.absences;
            alter table raw.orders alter column state set data_type varchar;
            alter table raw.orders alter column account drop not null;
            alter table raw.orders drop column _api_version;
            alter table raw.orders add column remark varchar default 'kept';
            alter table raw.orders alter column remark set not null;
            alter table raw.windows alter column message set data_type integer;
            """.replace("data_type", "data type")
        )
    shop.sell("ipad", items=WOBBLER)
    shop.raw("shop", NO_ORDER)

    assert sync().exit_code == 7
    found = columns(settings.files)
    assert found["orders"].pop("remark") == Column("VARCHAR", is_nullable=True)
    assert found == WANTED
    assert set(before) < set(rows("select order_id, state, payload, _watermark from raw.orders", raw=True))
    assert rows("select remark from raw.orders order by _read_at", raw=True)[0] == ("kept",)
    assert rows("select count(*) from core.fct_orders") == [(2,)]


@pytest.mark.long
def test_a_column_that_cannot_be_mended_is_named_once_and_nothing_changes(
    shop: Shop, sandbox: Sandbox, settings: Settings, sync: Sync
) -> None:
    shop.sell("ipad", items=WOBBLER)
    sync()
    with closing(duckdb.connect(str(settings.files.landing))) as connection:
        connection.execute("alter table raw.quarantine add column _dlt_id varchar")
        connection.execute("alter table raw.orders alter column state set data type varchar")
        connection.execute("update raw.orders set state = 'paid'")
    before, asked = columns(settings.files), len(sandbox.requests)

    with pytest.raises(HomeError, match=r"raw\.orders\.state is VARCHAR, not INTEGER.*Nothing was changed"):
        sync()
    assert columns(settings.files) == before
    assert len(sandbox.requests) == asked
