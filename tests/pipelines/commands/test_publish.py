"""`inventorum publish postgres`, against a real server: readers there get every row, whole and at once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from typer.testing import CliRunner

from pipelines import run
from pipelines.cli import app
from pipelines.commands.doctor.bundle import collect
from pipelines.commands.doctor.server import examine_server
from pipelines.sandbox import trading
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Files, Settings, StaticLogin
from tests.support.passage import Passage
from tests.support.postgres_server import IN_URL, LOCKED, PASSWORD, POWERLESS, Server, ask
from tests.support.postgres_twin import NOTES, TABLES, in_file, on_server
from tests.support.real_command import finish, start, surroundings
from transforms.errors import TransformError
from transforms.readers.postgres.errors import ServerBusy, ServerFailed, ServerUnreachable
from transforms.readers.postgres.publish import ServerReport, publish

WRITTEN = "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where schemaname in ('core', 'marts')"
NEXT_TRANSACTION = "select pg_snapshot_xmax(pg_current_snapshot())::text"

Change = Callable[..., Path]


@pytest.fixture
def database(postgres: Server) -> str:
    """The URL of an empty database."""
    return postgres.database()


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The published file of a shop, and the one after it has traded for some more hours."""
    folder = tmp_path_factory.mktemp("traded")
    shop = make_shop(seed=5, orders=40, days=10)
    with Sandbox(shop) as sandbox:
        settings = Settings(
            Files(folder / "home"),
            base_url=sandbox.base_url,
            login=StaticLogin(sandbox.access_token),
            requests_per_second=1000.0,
        )
        assert run.sync(settings).exit_code == 0
        before = Path(shutil.copy(settings.files.warehouse, folder / "before.duckdb"))
        trading.trade(shop, sales=8, hours=8, seed=5)
        assert run.sync(settings).exit_code == 0
    return before, settings.files.warehouse


@pytest.fixture(scope="module")
def published_small(postgres: Server, first_home: Path) -> str:
    """A database to which the small warehouse was published; to be copied."""
    url = postgres.database()
    publish(first_home / "warehouse.duckdb", url)
    return url


@pytest.fixture
def small(postgres: Server, published_small: str) -> str:
    """A database of its own that holds the small warehouse."""
    return postgres.database(like=published_small)


@pytest.fixture
def changed(tmp_path: Path, first_home: Path) -> Change:
    """A copy of a small warehouse, after these statements, as if a version of the program had published it so."""

    def change(*statements: str, of: Path | None = None) -> Path:
        copy = Path(
            shutil.copy(of or first_home / "warehouse.duckdb", tmp_path / f"{len(list(tmp_path.iterdir()))}.duckdb")
        )
        with closing(duckdb.connect(str(copy))) as connection:
            news = f"update ops.meta set value = '{copy.name}' where key = 'state'"
            for statement in (news, *statements):
                connection.execute(statement)
        return copy

    return change


@dataclass(frozen=True)
class News:
    """Two states of one warehouse, and a database to which the first was published."""

    before: Path
    after: Path
    database: str


@pytest.fixture
def news(small: str, changed: Change, first_home: Path) -> News:
    """A small warehouse of which some rows came, went and changed."""
    after = changed(
        "insert into core.fct_orders select * replace (order_id + 1000000 as order_id) from core.fct_orders",
        "update core.fct_order_items set line_gross_amount = 0.01",
        "delete from core.dim_holiday where holiday_date < '2011-01-01'",
        "insert into ops.loads select '2' || load_id, watermark, built_at, 1 from ops.loads",
    )
    return News(first_home / "warehouse.duckdb", after, small)


@pytest.fixture(params=["small", pytest.param("traded", marks=[pytest.mark.long, pytest.mark.by_hand])])
def any_news(request: pytest.FixtureRequest, postgres: Server) -> News:
    """The same; in the long form of a shop that traded."""
    if request.param == "small":
        found: News = request.getfixturevalue("news")
        return found
    before, after = request.getfixturevalue("before_and_after")
    database = postgres.database()
    publish(before, database)
    return News(before, after, database)


def inventorum(*arguments: str, home: Path, **environment: str) -> Any:
    """The command, in this process."""
    return CliRunner().invoke(app, [*arguments, "--home", str(home)], env=environment)


# -- What stands there -------------------------------------------------------------------------------


def test_every_row_stands_there_with_its_types_keys_and_comments(any_news: News) -> None:
    assert on_server(any_news.database) == in_file(any_news.before)
    assert ask(
        any_news.database,
        "select format_type(atttypid, atttypmod), col_description(attrelid, attnum) from pg_attribute "
        "where attrelid = 'core.fct_orders'::regclass and attname = 'items_gross_amount'",
    ) == _rows(
        any_news.before,
        "select 'numeric(18,2)', comment from duckdb_columns() "
        "where table_name = 'fct_orders' and column_name = 'items_gross_amount'",
    )
    assert ask(any_news.database, "select obj_description('core.sales'::regclass)") == _rows(
        any_news.before, "select comment from duckdb_views() where view_name = 'sales'"
    )
    keys = dict(
        ask(
            any_news.database,
            "select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint "
            "where contype in ('p', 'u') and connamespace::regnamespace::text in ('core', 'marts', 'ops')",
        )
    )
    assert keys["core.fct_order_items"] == "PRIMARY KEY (account, order_id, line_number)"
    assert keys["marts.vat_by_month"] == "UNIQUE NULLS NOT DISTINCT (account, month, tax_rate, channel)"
    assert set(keys) == {name for (name,) in ask(any_news.database, TABLES)}


def test_afterwards_only_rows_that_differ_are_written(any_news: News) -> None:
    old = {
        name: set(ask(any_news.database, f"select xmin::text from {name}"))
        for name in ("core.dim_date", "core.fct_orders")
    }

    report = publish(any_news.after, any_news.database)

    assert on_server(any_news.database) == in_file(any_news.after)
    assert not report.is_first
    old_rows, new_rows = in_file(any_news.before), in_file(any_news.after)
    gone = sum((old_rows[name] - new_rows[name]).total() for name in old_rows)
    come = sum((new_rows[name] - old_rows[name]).total() for name in old_rows)
    assert (report.rows_updated + report.rows_deleted, report.rows_updated + report.rows_inserted) == (gone, come)
    assert 0 < come < sum(rows.total() for rows in new_rows.values()) / 2
    assert set(ask(any_news.database, "select xmin::text from core.dim_date")) == old["core.dim_date"]
    assert len(set(ask(any_news.database, "select xmin::text from core.fct_orders")) - old["core.fct_orders"]) == 1


def test_a_publish_without_news_writes_no_row(news: News) -> None:
    noted = ask(news.database, NEXT_TRANSACTION), ask(news.database, WRITTEN)

    report = publish(news.before, news.database)

    assert not report.is_news
    assert (ask(news.database, NEXT_TRANSACTION), ask(news.database, WRITTEN)) == noted  # who writes takes a number


@pytest.mark.long
def test_what_users_made_on_the_tables_stays(news: News) -> None:
    for statement in (
        "create view mine as select channel, sum(gross_amount) as gross from marts.sales_by_day group by channel",
        f"grant usage on schema core to {POWERLESS}",
        f"grant select on core.fct_orders to {POWERLESS}",
        "create index my_index on core.fct_orders (business_date)",
        "alter table core.dim_channel add column my_note text",
        "update core.dim_channel set my_note = 'the till' where channel = 'ipad'",
        "create table core.my_table as select 1 as one",
        "create table my_notes (account text, order_id bigint, "
        "foreign key (account, order_id) references core.fct_orders)",
        "insert into my_notes select account, order_id from core.fct_orders",
    ):
        ask(news.database, statement)

    publish(news.after, news.database)

    assert (
        sum(gross for _, gross in ask(news.database, "table mine"))
        == _rows(news.after, "select sum(gross_amount) from marts.sales_by_day")[0][0]
    )
    as_reader = news.database.replace("postgres@", f"{POWERLESS}@")
    assert ask(as_reader, "select count(*) from core.fct_orders") == _rows(
        news.after, "select count(*) from core.fct_orders"
    )
    assert ask(news.database, "select my_note from core.dim_channel where channel = 'ipad'") == [("the till",)]
    assert ask(news.database, "table core.my_table") == [(1,)]
    assert ask(news.database, "select count(*) from pg_indexes where indexname = 'my_index'") == [(1,)]


def test_readers_see_the_old_state_until_the_new_one_is_whole(news: News) -> None:
    tables = ("core.fct_orders", "marts.sales_by_day", "ops.loads")
    expected = in_file(news.before, tables)
    seen = []

    def look(step: str, done: int, total: int) -> None:
        if done in (1, total // 2, total - 1):
            seen.append(on_server(news.database, tables) == expected)

    publish(news.after, news.database, on_step=look)

    assert seen == [True, True, True]
    assert on_server(news.database, tables) == in_file(news.after, tables) != in_file(news.before, tables)


# -- Values ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_values_that_postgres_lacks_find_a_place(database: str, changed: Change) -> None:
    odd = changed(
        "create table core.odd (order_id bigint, name varchar, big hugeint, day date, seen timestamptz, ratio double, "
        "list integer[], shape struct(a varchar, b decimal(4, 2)), bytes blob, amount decimal(38, 10), clock time)",
        "comment on table core.odd is 'Odd. Key: none'",
        "insert into core.odd values "
        "(1, 'nul' || chr(0) || ' tab\t' || chr(10) || chr(13) || '\\N \\.', 170141183460469231731687303715884105727, "
        "'infinity', '-infinity', 'nan', [1, null], {a: 'x' || chr(0) || '\\u0000\"', b: 1.50}, '\\x00\\xFF'::blob, "
        "1234567890123456789012345678.0123456789, '23:59:59.999999'), "
        "(2, '', -1, '5000-01-01 (BC)', '0044-03-15 (BC) 12:00:00+00', 'inf', [], null, '', -0.0000000001, '00:00'), "
        "(null, '\\.', null, '5881000-01-01', '290000-01-01 00:00:00+00', -1e-300, null, null, null, 0, null)",
        "insert into core.odd from core.odd where order_id = 2",
    )

    publish(odd, database)

    assert ask(
        database,
        "select order_id, name, big, day::text, seen::text, ratio::text, list, shape, bytes, amount, clock::text "
        "from core.odd order by order_id",
    )[::2] == [
        (
            1, "nul\ufffd tab\t\n\r\\N \\.", 170141183460469231731687303715884105727, "infinity", "-infinity", "NaN",
            [1, None], {"a": 'x\ufffd\\u0000"', "b": 1.5}, b"\x00\xff",
            _rows(odd, "select max(amount) from core.odd")[0][0], "23:59:59.999999",
        ),
        (
            2, "", -1, "-infinity", "0044-03-15 12:00:00+00 BC", "Infinity", [], None, b"",
            _rows(odd, "select min(amount) from core.odd")[0][0], "00:00:00",
        ),
    ]  # fmt: skip
    assert ask(database, "select name, day::text, seen::text from core.odd where order_id is null") == [
        ("\\.", "infinity", "290000-01-01 00:00:00+00")
    ]
    assert ask(database, "select count(*) from core.odd where order_id = 2") == [(2,)]

    fewer = changed("delete from core.odd where order_id = 2 and rowid > 1", "update core.odd set big = 0", of=odd)
    report = publish(fewer, database)

    assert (report.rows_inserted, report.rows_deleted) == (3, 4)  # each differs, and one of two alike is gone
    assert ask(database, "select order_id, big from core.odd order by order_id") == [(1, 0), (2, 0), (None, 0)]


@pytest.mark.long
def test_rows_at_both_ends_of_all_ids_are_found_again(small: str, changed: Change) -> None:
    shape = "create table core.ends (order_id bigint, amount decimal(18, 2))"
    comment = "comment on table core.ends is 'Ends.\nKey: order_id.'"
    ends = f"insert into core.ends values ({-(2**63)}, 1), ({2**63 - 1}, 2), (0, 3), (-1, 4), (1, 5), (null, 6)"
    first = changed(shape, comment, ends)
    publish(first, small)
    second = changed("update core.ends set amount = amount + 1 where amount in (1, 2, 6)", of=first)

    report = publish(second, small)

    assert [table.updated for table in report.tables if table.table == "core.ends"] == [3]
    assert on_server(small, ["core.ends"]) == in_file(second, ["core.ends"])


@pytest.mark.long
def test_a_key_takes_nulls_and_long_texts_when_they_come(small: str, changed: Change) -> None:
    one = "select * replace ({} as channel) from core.dim_channel where channel = 'shop'"
    kinds = "select contype::text from pg_constraint where conrelid = 'core.dim_channel'::regclass"
    assert ask(small, kinds) == [("p",)]

    with_null = changed(f"insert into core.dim_channel {one.format('null')}")
    publish(with_null, small)
    assert ask(small, kinds) == [("u",)]
    assert on_server(small) == in_file(with_null)

    with_long = changed(f"insert into core.dim_channel {one.format(chr(39) + 'x' * 10_000 + chr(39))}", of=with_null)
    publish(with_long, small)
    assert ask(small, kinds) == []
    assert on_server(small) == in_file(with_long)


@pytest.mark.long
def test_what_the_role_and_the_environment_are_set_to_changes_nothing(
    database: str, before_and_after: tuple[Path, Path], postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGOPTIONS", "-c datestyle=SQL,DMY -c standard_conforming_strings=off")
    name = database.rsplit("/", 1)[1]
    for setting in (
        "timezone to 'Asia/Tokyo'",
        "default_transaction_isolation to 'serializable'",
        "statement_timeout to '30ms'",
        "search_path to nowhere",
    ):
        with psycopg.connect(postgres.url(), autocommit=True, options="-c statement_timeout=0") as connection:
            connection.execute(f"alter database {name} set {setting}".encode())

    for warehouse in before_and_after:
        publish(warehouse, database)

    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(f"alter database {name} reset all".encode())
    monkeypatch.delenv("PGCLIENTENCODING")
    monkeypatch.delenv("PGOPTIONS")
    assert on_server(database) == in_file(before_and_after[1])


# -- Schemas -----------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_new_column_is_added(small: str, changed: Change) -> None:
    newer = changed(
        "alter table core.fct_orders add column mood varchar",
        "update core.fct_orders set mood = 'good'",
        "comment on column core.fct_orders.mood is 'How it went.'",
    )

    report = publish(newer, small)

    assert [table.columns_added for table in report.tables if table.table == "core.fct_orders"] == [("mood",)]
    assert on_server(small) == in_file(newer)
    assert ask(small, "select col_description('core.fct_orders'::regclass, attnum) from pg_attribute "
               "where attname = 'mood'") == [("How it went.",)]  # fmt: skip

    ask(small, "alter table core.fct_orders drop column mood")  # by whom it may be
    publish(newer, small)
    assert on_server(small, ["core.fct_orders"]) == in_file(newer, ["core.fct_orders"])


@pytest.mark.long
def test_another_shape_is_refused_with_what_to_run_and_then_goes(small: str, changed: Change) -> None:
    held = on_server(small)
    newer = changed(
        "alter table core.fct_orders drop column receipt_pdf_url",
        "alter table core.dim_tax_rate alter column tax_rate type decimal(9, 3)",
        "drop table ops.fct_receipts",
    )

    with pytest.raises(ServerFailed, match="of another version") as refused:
        publish(newer, small)

    assert on_server(small) == held
    statements = [line.strip() for line in str(refused.value).splitlines() if line.startswith("  ")]
    assert (
        statements
        == [
            'alter table "core"."fct_orders" drop column "receipt_pdf_url";',
            'alter table "core"."dim_tax_rate" alter column "tax_rate" type numeric(9,3);',
            'drop table "ops"."fct_receipts";',
        ]
        or len(statements) == 3
    )
    ask(small, "".join(statements))
    publish(newer, small)
    assert on_server(small) == in_file(newer)


@pytest.mark.parametrize(
    "statement",
    [
        "create table core.fct_orders (order_id bigint)",
        "create view core.fct_orders as select 1 as order_id",
        "create table ops.publication_tables (mine text)",
    ],
    ids=["table", "view", "notes"],
)
def test_what_is_not_ours_is_refused(database: str, changed: Change, statement: str) -> None:
    ask(database, f"create schema core; create schema ops; {statement}")

    with pytest.raises(ServerFailed, match=r"core.fct_orders|ops.publication_tables.*not of this program"):
        publish(changed(), database)

    assert len(ask(database, TABLES)) == 1


@pytest.mark.long
def test_another_home_is_refused_until_it_is_told_to_take_the_place(news: News, changed: Change) -> None:
    with pytest.raises(ServerFailed, match="another home, or from a later state"):
        publish(changed("update ops.loads set load_id = '0'"), news.database)
    publish(news.after, news.database)
    with pytest.raises(ServerFailed, match="another home, or from a later state"):
        publish(news.before, news.database)
    assert on_server(news.database) == in_file(news.after)

    publish(news.before, news.database, replace=True)
    assert on_server(news.database) == in_file(news.before)


@pytest.mark.long
def test_full_mends_what_somebody_changed(news: News) -> None:
    for statement in (
        "update core.fct_orders set items_gross_amount = 0",
        "delete from marts.sales_by_day",
        "insert into core.dim_product (account, product_id) values ('default', 77)",
        "drop table core.dim_user",
    ):
        ask(news.database, statement)

    report = publish(news.before, news.database, full=True)

    assert on_server(news.database) == in_file(news.before)
    assert (report.rows_deleted, report.is_first) == (1, False)


# -- Faults ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "exit_code", "words"),
    [
        (f"postgresql://{LOCKED}:wr0ng-one@127.0.0.1:PORT/postgres", 5, "refused the login"),
        (f"postgresql://{LOCKED}@127.0.0.1:PORT/postgres", 5, "refused the login"),
        (f"postgresql://{LOCKED}:{PASSWORD}@127.0.0.1:PORT/postgres", 2, "cannot be read"),
        ("postgresql://postgres:wr0ng-one@127.0.0.1:PORT/nowhere", 5, 'database "nowhere" does not exist'),
        ("postgresql://postgres:wr0ng-one@127.0.0.1:1/postgres", 6, "could not be reached"),
        ("postgresql://postgres:wr0ng-one@127.0.0.1:PORT/postgres?wr0ng-one=1", 2, "cannot be read"),
        ("postgresql://postgres:wr0ng-one@127.0.0.1:PORT/postgres?sslmode=wr0ng-one", 6, "could not be reached"),
        ("mysql://postgres:wr0ng-one@127.0.0.1/postgres", 2, "no URL like"),
        (f"postgresql://{POWERLESS}:wr0ng-one@127.0.0.1:PORT/DATABASE", 5, "powerless may not do"),
    ],
    ids=["password", "no-password", "unquoted", "no-database", "unreachable", "option", "value", "other", "no-rights"],
)
def test_a_fault_is_one_message_without_the_password(
    postgres: Server, database: str, first_home: Path, url: str, exit_code: int, words: str
) -> None:
    filled = url.replace("PORT", str(postgres.port)).replace("DATABASE", database.rsplit("/", 1)[1])

    told = inventorum("publish", "postgres", filled, home=first_home)

    assert told.exit_code == exit_code, told.output
    assert words in told.stderr
    assert told.stderr.count("Error: ") == 1
    for secret in ("wr0ng-one", PASSWORD, "w@rd"):
        assert secret not in told.output + told.stderr
    assert on_server(database) == {}


@pytest.mark.long
def test_a_role_that_may_read_only_is_refused_and_told_what_it_needs(news: News, changed: Change) -> None:
    ask(news.database, f"grant usage on schema core, marts, ops to {POWERLESS}")
    ask(news.database, f"grant select on all tables in schema core, marts, ops to {POWERLESS}")

    with pytest.raises(
        ServerFailed,
        match=r'powerless may not do what is needed.*`grant create, temporary on database "shop\d+" to "powerless"`',
    ):
        publish(news.after, news.database.replace("postgres@", f"{POWERLESS}@"))

    assert on_server(news.database) == in_file(news.before)


@pytest.mark.long
def test_a_database_in_another_encoding_is_refused(postgres: Server, first_home: Path) -> None:
    latin = postgres.database("encoding 'LATIN1' template template0")

    with pytest.raises(ServerFailed, match="encoding 'UTF8'"):
        publish(first_home / "warehouse.duckdb", latin)


@pytest.mark.long
def test_a_second_publish_meanwhile_is_refused_and_the_first_goes_on(small: str, changed: Change) -> None:
    warehouse = changed()
    refused = []

    def meanwhile(step: str, done: int, total: int) -> None:
        if done == total - 1:
            with pytest.raises(ServerBusy, match="Another publish"):
                publish(warehouse, small)
            refused.append(ServerBusy.exit_code)

    publish(warehouse, small, on_step=meanwhile)

    assert refused == [4]
    assert on_server(small) == in_file(warehouse)


def test_nothing_is_published_where_there_is_no_warehouse(database: str, tmp_path: Path) -> None:
    with pytest.raises(TransformError, match="nothing was published there yet"):
        publish(tmp_path / "warehouse.duckdb", database)


KILLS = (*((number + 0.5) / 8 for number in range(8)), "in COMMIT", "after COMMIT")
TERMINATION = 5  # bytes of the message that follows COMMIT


@pytest.mark.long
def test_killed_at_any_point_readers_see_the_old_state_or_the_new_one_whole(
    postgres: Server, before_and_after: tuple[Path, Path], tmp_path: Path
) -> None:
    before, after = before_and_after
    database, other = postgres.database(), postgres.database()
    for url in (database, other):
        publish(before, url)
    (tmp_path / "warehouse.duckdb").symlink_to(after)
    with Passage(postgres.port) as passage:
        publish(after, other.replace(f":{postgres.port}/", f":{passage.port}/"))
    whole, states = passage.sent, {"old": in_file(before), "new": in_file(after)}

    found = []
    for point in KILLS:
        with Passage(postgres.port) as passage:
            process = _publishing(tmp_path, database.replace(f":{postgres.port}/", f":{passage.port}/"))
            passage.then = process.kill
            at_end = whole - TERMINATION - (4 if point == "in COMMIT" else 0)
            passage.limit = at_end if isinstance(point, str) else int(whole * point)
            assert process.wait(timeout=120) == -signal.SIGKILL, point
        _wait_until_alone(database)
        seen = on_server(database)
        found.append(next((name for name, state in states.items() if state == seen), f"a mixture at {point}"))

    assert found == ["old"] * 9 + ["new"]
    assert not publish(after, database).is_news


@pytest.mark.long
def test_a_server_that_loses_power_has_the_old_state_when_it_is_back(postgres: Server, news: News) -> None:
    with Passage(postgres.port) as passage:
        other = postgres.database(like=news.database)
        publish(news.after, other.replace(f":{postgres.port}/", f":{passage.port}/"))
    whole, before = passage.sent, in_file(news.before)

    for point in (0.3, 0.6, 0.95):
        with Passage(postgres.port) as passage:
            passage.then, passage.limit = postgres.crash, int(whole * point)
            with pytest.raises(ServerUnreachable, match=r"broke off.*The database is as it was"):
                publish(news.after, news.database.replace(f":{postgres.port}/", f":{passage.port}/"))
        postgres.start()
        assert on_server(news.database) == before, point

    publish(news.after, news.database)
    assert on_server(news.database) == in_file(news.after)


@pytest.mark.long
def test_killed_in_the_first_publish_nothing_of_it_is_there(postgres: Server, first_home: Path) -> None:
    database = postgres.database()

    for kilobytes in (2, 20, 100):
        with Passage(postgres.port) as passage:
            process = _publishing(first_home, database.replace(f":{postgres.port}/", f":{passage.port}/"))
            passage.then, passage.limit = process.kill, kilobytes * 1024
            assert process.wait(timeout=120) == -signal.SIGKILL
        _wait_until_alone(database)
        assert ask(database, "select count(*) from pg_namespace where nspname in ('core', 'marts', 'ops')") == [(0,)]

    assert publish(first_home / "warehouse.duckdb", database).is_first


def _publishing(home: Path, url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pipelines.cli", "publish", "postgres", url, "--home", str(home)]
    return subprocess.Popen(command, env=surroundings(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_until_alone(database: str) -> None:
    """A session of a client that is gone ends when the server notices."""
    for _ in range(600):
        if ask(database, "select count(*) from pg_stat_activity where application_name = 'inventorum'") == [(0,)]:
            return
        time.sleep(0.05)
    raise AssertionError("the session of a dead client goes on")


# -- By setting --------------------------------------------------------------------------------------


@pytest.mark.long
def test_each_run_brings_what_it_published_and_without_news_asks_nobody(
    database: str, home: Path, shop: Shop, settings: Settings, postgres: Server
) -> None:
    following = replace(settings, postgres_url=database)
    sessions = f"select sessions from pg_stat_database where datname = '{database.rsplit('/', 1)[1]}'"
    shop.sell("shop", items=[("Hook", "1.99", 2)], at="2026-11-03T10:00Z")

    report = run.sync(following)

    assert isinstance(report.server, ServerReport)
    assert report.server.is_first
    assert on_server(database) == in_file(settings.files.warehouse)
    before = ask(postgres.url(), sessions)
    assert run.build(following).server is None
    assert ask(postgres.url(), sessions) == before


@pytest.mark.long
def test_a_sync_meanwhile_is_not_held_up_and_comes_with_the_next_publish(
    database: str, home: Path, shop: Shop, sandbox: Sandbox
) -> None:
    before = in_file(home / "warehouse.duckdb")
    shop.sell("shop", items=[("Hook", "1.99", 2)], at="2026-11-03T10:00Z")
    synced = []

    def sync_meanwhile(step: str, done: int, total: int) -> None:
        if done == total // 2:
            synced.append(finish(start(home, sandbox, "sync", "--json"))["published"])

    publish(home / "warehouse.duckdb", database, on_step=sync_meanwhile)

    assert synced == [True]
    assert on_server(database) == before
    assert publish(home / "warehouse.duckdb", database).is_news
    assert on_server(database) == in_file(home / "warehouse.duckdb") != before


@pytest.mark.long
def test_the_demo_brings_its_made_up_shop_to_nobody(tmp_path: Path) -> None:
    unreachable = "postgresql://me:s3cret@127.0.0.1:1/shop"

    told = inventorum(
        "demo", "--orders", "20", "-q", home=tmp_path / "demo", SOURCES__INVENTORUM__POSTGRES_URL=unreachable
    )

    assert (told.exit_code, told.stderr) == (0, "")


def test_a_publish_that_fails_undoes_no_run(home: Path, shop: Shop, settings: Settings) -> None:
    shop.sell("shop", items=[("Hook", "1.99", 2)], at="2026-11-03T10:00Z")

    report = run.sync(replace(settings, postgres_url="postgresql://me:s3cret@127.0.0.1:1/shop"))

    assert (report.exit_code, report.orders_new, report.published) == (1, 1, True)
    assert "could not be reached" in report.message
    assert "The run itself is done" in report.message
    assert "s3cret" not in json.dumps(vars(report), default=str)
    assert _rows(settings.files.warehouse, "select count(*) from core.fct_orders") == [(2,)]
    assert _rows(settings.files.build, "select exit_code from ops.runs order by started_at desc limit 1") == [(1,)]


def test_the_url_of_the_setting_is_told_to_nobody(home: Path, settings: Settings) -> None:
    told = replace(settings, postgres_url="postgresql://me:s3cret@127.0.0.1:1/shop")
    wrong = inventorum("status", home=home, SOURCES__INVENTORUM__POSTGRES_URL="s3cret@here")

    assert "s3cret" not in repr(told)
    assert "s3cret" not in json.dumps(collect(told, []), default=str)
    assert wrong.exit_code == 2
    assert "`postgres_url` in SOURCES__INVENTORUM__POSTGRES_URL is no URL" in wrong.stderr
    assert "s3cret" not in wrong.output + wrong.stderr


@pytest.mark.long
def test_the_command_takes_the_url_of_the_setting_and_tells_what_it_did(
    database: str, first_home: Path, postgres: Server
) -> None:
    ask(postgres.url(), f"grant create, temporary on database {database.rsplit('/', 1)[1]} to {LOCKED}")
    url = database.replace("postgres@", f"{LOCKED}:{IN_URL}@")

    first = inventorum("publish", "postgres", home=first_home, SOURCES__INVENTORUM__POSTGRES_URL=url)
    again = inventorum("publish", "postgres", "--json", home=first_home, SOURCES__INVENTORUM__POSTGRES_URL=url)
    without = inventorum("publish", "postgres", home=first_home)

    assert first.exit_code == 0, first.stderr
    assert first.stdout.startswith("Published to 127.0.0.1:")
    assert json.loads(again.stdout)["tables"] == []
    assert (without.exit_code, "No database is named" in without.stderr) == (2, True)
    assert on_server(database).keys() - NOTES == in_file(first_home / "warehouse.duckdb").keys()


def test_doctor_says_whether_the_server_takes_it(database: str) -> None:
    def doctor(url: str) -> tuple[str, str]:
        (finding,) = examine_server(url)
        assert finding.topic == "server"
        return finding.status, finding.found + finding.advice

    assert doctor(database)[0] == "ok"
    status, told = doctor(database.replace("postgres@", f"{POWERLESS}@"))
    assert status == "fail"
    assert f'grant create, temporary on database "{database.rsplit("/", 1)[1]}" to "{POWERLESS}"' in told
    status, told = doctor("postgresql://me:s3cret@127.0.0.1:1/shop")
    assert (status, "could not be reached" in told, "s3cret" in told) == ("fail", True, False)
    assert on_server(database) == {}


def _rows(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        return connection.execute(query).fetchall()
