"""`inventorum forget`: no byte of a person stays in a home, every figure does, and no later load brings them back."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines import run
from pipelines.errors import LockedError, SettingsError
from pipelines.landing import forgetting
from pipelines.lock import exclusive
from pipelines.progress import Silent
from pipelines.sandbox.server import Sandbox
from pipelines.sandbox.shop import Shop
from pipelines.settings import Settings
from tests.conftest import Rows, Sync
from tests.support.landing_file import write_landing
from tests.support.real_command import finish, start

ZSTD = b"\x28\xb5\x2f\xfd"
MARKERS = {
    "first name": "Xaverine",
    "middle name": "Ottokara",
    "last name": "Quarzbühl",
    "title": "Ehrwürdenmark",
    "e-mail": "xq.marker@post.example",
    "billing street": "Quittengasse 17a",
    "address line": "Hinterhaus Zwetschge",
    "city": "Marktmarkerstadt",
    "zip code": "98765ZZ",
    "region": "Regionsmarke",
    "company": "Quarz & Söhne Markierwerk",
    "shipping street": "Packstation Mirabelle 9",
    "phone": "+49 171 9988776",
    "note": "Klingel bei Markermann",
    "internal note": "ruft immer Markerfrau an",
    "receipt": "https://app.example/receipt/markerbeleg",
    "tracking number": "MARKTRACK0042",
    "transaction id": "MARKTRANS0042",
    "PayPal id": "MARKPAYPAL0042",
    "external key": "MARKEXTERN0042",
    "gift message": "Alles Gute, Markeroma",
    "number": "4915199887766",
}
CUSTOMER, OTHER = 4711, 4712
PERSONAL = {
    *("customer_name", "company", "title", "first_name", "middle_name", "last_name", "email", "zipcode", "city"),
    *("address1", "address2", "region", "tracking_number", "transaction_id", "paypal_invoice_id", "paypal_tab_id"),
    *("external_key", "shipment_name", "receipt_pdf_url", "content_hash", "product_name", "product"),
}


def texts() -> set[str]:
    """The markers, as they are and as JSON escapes them."""
    return {*MARKERS.values(), *(json.dumps(marker)[1:-1] for marker in MARKERS.values())}


def mark(order: dict[str, Any]) -> None:
    """Put a marker into each place of an order in which something of a person may stand."""
    m = MARKERS
    name = {"first_name": m["first name"], "last_name": m["last name"]}
    address = {
        "country": "DE", "id": 501, "address1": m["billing street"], "address2": m["address line"], "city": m["city"],
        "zipcode": m["zip code"], "state": m["region"], "company": m["company"], "title": m["title"], **name,
    }  # fmt: skip
    order["customer"] = {
        "id": CUSTOMER, "channel": 4, "email": m["e-mail"], "title": m["title"], "middle_name": m["middle name"],
        "phone": m["phone"], "mobile": int(m["number"]), "billing_address": address, **name,
        "shipping_address": [{**address, "id": 502, "address1": m["shipping street"]}],
    }  # fmt: skip
    basket = order["basket"]
    basket |= {"note_external": m["note"], "note_internal": m["internal note"], "gift": {"message": m["gift message"]}}
    basket["receipt"] = {"pdf": m["receipt"], "image": m["receipt"], "image_width": 576}
    basket["invoice_number"] = f"RE-17 {m['first name']} {m['last name']}"
    basket["items"][0]["name"] = f"Gravur für {m['last name'].upper()}, {m['first name']} <{m['e-mail']}>"
    order["payments"][0] |= {"transaction_id": m["transaction id"], "paypal_invoice_id": m["PayPal id"]}
    order["shipment"] = {
        "id": 77, "name": f"Paket an {m['first name'][0]}. {m['last name']}", "tracking_number": m["tracking number"],
        "cost": "4.90", "external_key": m["external key"],
        "service": {"id": 5, "name": "DHL", "time_min": 1, "time_max": 2},
    }  # fmt: skip


def marked_shop(shop: Shop) -> list[int]:
    """Two orders of the person, one of somebody else, one of nobody, and a record of the person that is no order."""
    lines = [("Wobbler", "6.99", 2), ("Haken", "1.10", 3)]
    orders = [shop.sell("shop", items=lines, at=f"2026-10-{day}T10:00Z") for day in (20, 21)]
    for order_id in orders:
        shop.edit(order_id, mark, at="2026-10-22T10:00Z")
    other = shop.customers.add("Kim", "Nachbar", email="kim@post.example", customer_id=OTHER)
    shop.sell("shop", items=lines, customer=other, at="2026-10-23T10:00Z")
    shop.sell("ipad", items=lines, at="2026-10-23T11:00Z")
    broken = {"id": None, "customer": {"id": CUSTOMER, "last_name": MARKERS["last name"]}, "note": MARKERS["note"]}
    shop.raw("shop", json.dumps(broken), at="2026-10-23T12:00Z")
    return orders


def figures(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of core and marts, without the columns of which a person may be told, in some order."""
    found = {}
    with closing(duckdb.connect(str(path), read_only=True)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        columns: dict[str, list[str]] = {}
        for schema, table, column in connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_schema in ('core', 'marts') order by ordinal_position"
        ).fetchall():
            if column not in PERSONAL:
                columns.setdefault(f"{schema}.{table}", []).append(f'"{column}"')
        for table, names in columns.items():
            cells = connection.execute(f"select {', '.join(names)} from {table}").fetchall()
            found[table] = sorted((tuple(map(without_name, row)) for row in cells), key=repr)
    return found


def without_name(cell: Any) -> Any:
    """A cell, of an invoice number without the name in it."""
    name = f"{MARKERS['first name']} {MARKERS['last name']}"
    return cell.replace(name, "***") if isinstance(cell, str) else cell


def contents(path: Path) -> Iterator[bytes]:
    """All that a file holds, however it is packed."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".duckdb":
        yield rows_of(path)
        yield from frames(raw)
    elif path.suffix == ".parquet":
        yield repr(duckdb.sql(f"from '{path}'").fetchall()).encode()
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield from (packed.read(name) for name in packed.namelist())
    elif raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)


def rows_of(path: Path) -> bytes:
    """Every row of every table of a database, as text."""
    with closing(duckdb.connect(str(path), read_only=True)) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        return "\n".join(
            str(row) for schema, table in tables for row in connection.execute(f'from "{schema}"."{table}"').fetchall()
        ).encode("utf-8", "surrogatepass")


def frames(raw: bytes) -> Iterator[bytes]:
    """What begins like a ZSTD frame anywhere in it, also in blocks that no table uses any more."""
    position = raw.find(ZSTD)
    while position >= 0:
        with (
            suppress(pa.ArrowException, OSError),
            pa.CompressedInputStream(pa.BufferReader(raw[position:]), "zstd") as stream,
        ):
            parts = bytearray()
            with suppress(pa.ArrowException, OSError):
                while part := stream.read(65_536):
                    parts += part
            yield bytes(parts)
        position = raw.find(ZSTD, position + 1)


def traces(home: Path) -> dict[str, set[str]]:
    """The markers that any file of a folder holds, by its name."""
    found: dict[str, set[str]] = {}
    for path in sorted(home.rglob("*")):
        if path.is_file():
            for content in contents(path):
                here = {marker for marker in texts() if marker.encode() in content}
                found.setdefault(path.name, set()).update(here)
    return {name: here for name, here in found.items() if here}


@pytest.fixture
def marked(shop: Shop, settings: Settings, sync: Sync) -> list[int]:
    """A home that has loaded the person twice, with a report and exports in it; their orders."""
    orders = marked_shop(shop)
    sync()
    shop.clock.set("2026-11-02T18:00:00Z")
    shop.refund(orders[0], at="2026-11-02T17:00Z")
    sync()
    run.write_page(settings)
    return orders


@pytest.mark.long
def test_no_byte_of_a_person_stays_every_figure_does_and_no_load_brings_them_back(
    marked: list[int], shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    files = settings.files
    exported = duckdb.sql(f"from (values ('{MARKERS['e-mail']}')) as one(email)")
    (files.home / "exports").mkdir()
    exported.write_parquet(str(files.home / "exports" / "customers.parquet"))
    exported.write_csv(str(files.home / "exports" / "customers.csv"))
    before, there = figures(files.warehouse), traces(files.home)
    assert set(MARKERS.values()) <= set().union(*there.values())  # the search finds what is there
    assert {"landing.duckdb", "warehouse.duckdb", "build.duckdb", "customers.parquet", "customers.csv"} <= set(there)
    old = {path: path.read_bytes()[:12_288] for path in (files.landing, files.warehouse, files.build)}

    report = run.forget(settings, CUSTOMER)

    assert (report.orders, report.quarantined, report.left, len(report.removed)) == (2, 1, [], 2)
    assert traces(files.home) == {}
    after = figures(files.warehouse)
    assert {table: after[table] for table, rows in before.items() if after[table] != rows} == {}
    assert_old_headers_show_nothing(old, files.home.parent / "put back")
    assert rows("select customer_id, customer_name, email, city from core.dim_customer where customer_id = 4711") == [
        (CUSTOMER, None, None, None)
    ]
    assert rows("select order_count, quarantined_count from ops.erasures") == [(2, 1)]
    assert_nothing_comes_back(marked, shop, settings, sync, before)


def assert_old_headers_show_nothing(old: dict[Path, bytes], folder: Path) -> None:
    """Whoever kept the first blocks of the old files reads nothing of the person through them."""
    folder.mkdir()
    for path, head in old.items():
        copy = folder / path.name
        copy.write_bytes(head + path.read_bytes()[len(head) :])
        with suppress(duckdb.Error):
            assert not any(marker.encode() in rows_of(copy) for marker in texts())


def assert_nothing_comes_back(
    orders: list[int], shop: Shop, settings: Settings, sync: Sync, before: dict[str, list[tuple[Any, ...]]]
) -> None:
    home = settings.files.home
    versions = before["core.fct_order_versions"]
    sync(since=datetime(2026, 10, 1, tzinfo=UTC))
    assert traces(home) == {}
    run.backfill(settings, datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
    run.reconcile(settings, days=30)
    run.build(settings, full=True)
    assert traces(home) == {}
    assert figures(settings.files.warehouse)["core.fct_order_versions"] == versions  # read again, and no news in it

    shop.clock.set("2026-11-03T18:00:00Z")
    shop.edit(orders[1], at="2026-11-03T17:00Z")  # a changed version, the person in it
    new = shop.sell("shop", items=[("Wobbler", "6.99", 1)], at="2026-11-03T17:10Z")
    shop.edit(new, mark, at="2026-11-03T17:20Z")
    assert sync().orders_new == 1
    assert traces(home) == {}
    assert len(figures(settings.files.warehouse)["core.fct_order_versions"]) == len(versions) + 2


def state_of(home: Path) -> dict[str, bytes]:
    """Every file of a home, but those that say when they were written."""
    return {str(path): path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file() and path.name != "lock"}


@pytest.mark.long
def test_a_dry_run_and_an_unknown_person_change_nothing(marked: list[int], settings: Settings) -> None:
    before = state_of(settings.files.home)

    report = run.forget(settings, CUSTOMER, dry_run=True)
    with pytest.raises(SettingsError, match=r"nobody to forget\. Nothing was changed"):
        run.forget(settings, 99, emails=["nobody@post.example"])
    with exclusive(settings.files.lock, "sync"), pytest.raises(LockedError, match="changed nothing"):
        run.forget(settings, CUSTOMER)

    assert (report.orders, report.payloads, report.quarantined) == (len(marked), 3, 1)
    assert state_of(settings.files.home) == before


@pytest.mark.parametrize(
    ("payload", "is_theirs"),
    {
        "a number": ('{"id":1,"customer":{"id":4711}}', True),
        "in quotes": ('{"id":1,"customer":{"id":"4711"}}', True),
        "with a point": ('{"id":1,"customer":{"id":4711.0}}', True),
        "with an exponent": ('{"id":1,"customer":{"id":4.711E3}}', True),
        "escaped": (r'{"id":1,"customer":{"\u0069d":4711}}', True),
        "the first of two": ('{"id":1,"customer":{"id":4711,"id":5}}', True),
        "in an order that no parser reads": ('{"id":1,"x":[}],"customer":{"channel":4,"id":4711}}', True),
        "nested too deeply": ('{"id":1,"x":' + "[" * 20_000 + "]" * 20_000 + ',"customer":{"id":4711}}', True),
        "by its address": ('{"id":1,"customer":{"billing_address":{"mail":" Kim@Post.example"}}}', True),
        "of a longer id": ('{"id":1,"customer":{"id":47110}}', False),
        "of the order": ('{"id":4711,"customer":{"id":5}}', False),
        "of an address": ('{"id":1,"customer":{"id":5,"billing_address":{"id":4711}}}', False),
        "of nobody": ('{"id":4711,"customer":null}', False),
    }.values(),
)
def test_a_customer_is_found_however_the_id_is_written(payload: str, is_theirs: bool, tmp_path: Path) -> None:
    write_landing(tmp_path / "landing.duckdb", [['{"id":1}']])
    with duckdb.connect(str(tmp_path / "landing.duckdb")) as connection:
        connection.execute("update raw.orders set payload = ?", [payload])
        found = forgetting.find(connection, forgetting.Person("default", CUSTOMER, ("kim@post.example",)))

    assert bool(found) == is_theirs


@pytest.mark.by_hand
@pytest.mark.long
def test_by_an_address_orders_without_the_id_are_found_and_a_namesake_is_told(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    def guest(order: dict[str, Any]) -> None:
        order["customer"] = {"id": None, "email": "Anna.Alt@Post.example", "last_name": "Alt", "first_name": "Anna"}

    def mention(order: dict[str, Any]) -> None:
        order["basket"]["note_external"] = "Geschenk von Anna Alt"

    theirs, others = (shop.sell("shop", items=[("Wobbler", "6.99", 1)], at="2026-10-20T10:00Z") for _ in range(2))
    shop.edit(theirs, guest)
    shop.edit(others, mention)
    sync()

    report = run.forget(settings, CUSTOMER, emails=["anna.alt@post.example"])

    assert (report.orders, report.mentioned_in) == (1, [others])
    texts = dict(rows("select order_id, payload from raw.orders order by _read_seq", raw=True))
    assert "Anna" not in texts[theirs]
    assert "Geschenk von Anna Alt" in texts[others]
    sync(since=datetime(2026, 10, 1, tzinfo=UTC))
    assert not rows(f"select payload from raw.orders where order_id = {theirs} and payload like '%Anna%'", raw=True)
    assert rows("select max(version_count) from core.fct_orders") == [(1,)]


@pytest.mark.by_hand
@pytest.mark.long
def test_a_name_in_a_product_stays_out_when_the_source_has_anonymised_the_customer(
    shop: Shop, settings: Settings, sync: Sync, rows: Rows
) -> None:
    anna = shop.customers.add("Anna", "Alt", email="anna.alt@post.example", customer_id=CUSTOMER)
    order = shop.sell("shop", items=[("Gravur Anna Alt", "6.99", 1)], customer=anna, at="2026-10-20T10:00Z")
    sync()
    run.forget(settings, CUSTOMER)
    shop.clock.set("2026-11-02T18:00:00Z")
    nameless = dict.fromkeys(("first_name", "last_name", "email", "billing_address"))
    shop.edit(order, lambda sent: sent.update(customer={"id": CUSTOMER, **nameless}), at="2026-11-02T17:00Z")
    sync()

    assert rows("select product_name from core.fct_order_items") == [("Gravur ***",)]
    assert rows("select count(*) from raw.orders where payload like '%Anna%'", raw=True) == [(0,)]


@pytest.mark.by_hand
@pytest.mark.long
def test_what_a_killed_run_has_left_to_do_is_done_by_the_next_one_or_nothing_had_happened(
    marked: list[int], settings: Settings, sync: Sync
) -> None:
    files = settings.files
    files.forgetting.write_text('{"erasure_id": "cut off before it began"}')
    (files.home / "landing.duckdb.forgetting").write_bytes(b"half of one")
    sync()
    assert traces(files.home)
    assert not files.forgetting.exists()
    assert not (files.home / "landing.duckdb.forgetting").exists()

    before = figures(files.warehouse)
    person = forgetting.Person(settings.account, CUSTOMER)
    files.forgetting.write_text('{"erasure_id": "1"}')
    with duckdb.connect(str(files.landing), read_only=True) as connection:
        found = forgetting.find(connection, person)
    forgetting.write_anew(files, person, found, "1", Silent())
    assert traces(files.home)  # in what was built of it
    run.build(settings)
    assert traces(files.home) == {}
    # a crawl without news is published with the next ones only
    assert {**figures(files.warehouse), "marts.freshness": []} == {**before, "marts.freshness": []}
    assert not files.forgetting.exists()


@pytest.mark.by_hand
@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_kill_at_any_moment_leaves_a_home_that_the_next_run_brings_to_an_end(
    marked: list[int], settings: Settings, sandbox: Sandbox, tmp_path: Path
) -> None:
    home, kept = settings.files.home, tmp_path / "kept"
    before = figures(settings.files.warehouse)
    shutil.copytree(home, kept)
    begin = time.monotonic()
    finish(start(home, sandbox, "forget", str(CUSTOMER), "--json"))
    length = time.monotonic() - begin
    for number in range(2):
        shutil.rmtree(home)
        shutil.copytree(kept, home)
        process = start(home, sandbox, "forget", str(CUSTOMER))
        time.sleep(length * (number + 1.5) / 4)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        is_clean = not any("Quarz" in row for row in rows_of(settings.files.landing).decode().split("\n"))
        run.build(settings)
        assert bool(traces(home)) != is_clean
        assert figures(settings.files.warehouse) == before
        assert not settings.files.forgetting.exists()
