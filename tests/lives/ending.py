"""What must hold once everything is quiet and one good run has been: nothing lost, no cent wrong, nothing left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from tests.lives.apart import apart
from tests.lives.life import Life
from tests.sql.test_oracle import BOOKINGS, CLOSING, CUSTOMERS, DAYS, PRODUCTS, VAT
from tests.support import oracle
from tests.support.landing_file import Load
from tests.support.oracle_books import Crawl, Read, keep_books
from tests.support.warehouse import MADE_FROM_FILES

VOLATILE = ("delta_state", "user_id", "available_refund_types")
CANCELED = 4
HOME = {"warehouse.duckdb", "landing.duckdb", "work", "token.json", "report.html", "exports"}
WORK = {"build.duckdb", "plan.json", "published.json", "lock", "dlt"}
"""Every name that a home may have once a run has ended well (`pipelines/commands/README.md`, "Files")."""

READS = """
select _watermark, _dlt_load_id, payload, content_hash = 'missing' as is_missing
from raw.orders where _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
order by _watermark, _dlt_load_id, _read_seq
"""
CRAWLS = """
select _dlt_load_id, coalesce(nullif(channel, ''), 'unknown'), watermark, start_date from raw.windows
where endpoint = 'orders/delta' and status = 'complete'
and _dlt_load_id in (select load_id from raw._dlt_loads where status = 0)
"""
LATEST = """
select order_id, arg_max(payload, (_watermark, _dlt_load_id, _read_seq)) from raw.orders
where _dlt_load_id in (select load_id from raw._dlt_loads where status = 0) group by order_id
"""
LAST_BUILD = """
select contains("rows", '"build: core.dim_holiday"') and exit_code in (0, 7) from build.ops.runs
where contains("rows", '"build: core.fct_orders"') order by rowid desc limit 1
"""  # clocks jump, and `core.dim_holiday` depends on no order
TABLES = f"""
select table_schema || '.' || table_name from information_schema.tables
where table_catalog = 'one' and {MADE_FROM_FILES} order by all
"""


def ends_well(life: Life) -> None:
    """One good run after a quiet day repairs whatever a life has left.

    Raises:
        AssertionError: It did not.
    """
    life.quiet()
    life.inventorum("sync")
    shown = {key: order.payload.decode("utf-8", "surrogatepass") for key, order in _shown(life)}
    ever = set(shown) | set(life.vanished) | set(life.shop.orders) | _ids_in_quotes(life)
    is_odd, settings, files = life.odd, life.settings, life.files
    zone, begins = settings.get("TIMEZONE") or "Europe/Berlin", int(settings.get("DAY_STARTS_AT") or 0)
    account = settings.get("ACCOUNT") or "default"

    def look() -> list[str]:
        with closing(_attached(landing=files.landing, published=files.warehouse)) as connection:
            found = [*orders_not_as_shown(connection, shown, ever, account)]
            if not is_odd:
                found += figures_not_as_recomputed(connection, zone, begins)
            return found

    wrong = apart(look)
    assert not wrong, "\n".join(wrong[:20])
    left = undocumented(files.home)
    assert not left, f"left in the home: {', '.join(left)}"
    if apart(lambda: was_built_in_full(files.build)):
        return
    again = life.copy("again")
    again.inventorum("build", "--full", may={0})
    differing = apart(lambda: differing_tables(files.build, again.files.build))
    assert not differing, f"incremental and full builds differ: {differing}"


def was_built_in_full(build: Path) -> bool:
    """Whether the last of a home's builds that built anything made every table anew."""
    with closing(_attached(build=build)) as connection:
        rows = connection.execute(LAST_BUILD).fetchall()
    return bool(rows) and rows[0][0]


def _shown(life: Life) -> Iterable[tuple[int, Any]]:
    """Orders as the API shows them: of the account's channels, not pending, with an id that we can hold."""
    return [
        (key, order)
        for key, order in life.shop.orders.items()
        if order.channel in life.channels and not order.state & 2 and _has_id(order.payload, key)
    ]


def _ids_in_quotes(life: Life) -> set[int]:
    """Ids that the API shows as text; its server sorts such orders elsewhere."""
    records = [json.loads(order.payload) for order in life.shop.orders.values() if order.planted]
    ids = [record["id"] for record in records if isinstance(record, dict) and isinstance(record.get("id"), str)]
    return {int(text) for text in ids if text.isdecimal()}


def _has_id(payload: bytes, key: int) -> bool:
    record = json.loads(payload)
    return isinstance(record, dict) and record.get("id") in (key, str(key)) and -(2**63) <= key < 2**63


def orders_not_as_shown(
    connection: duckdb.DuckDBPyConnection, shown: Mapping[int, str], ever: set[int], account: str
) -> Iterable[str]:
    """Orders that the warehouse lacks, has otherwise, or invented, in words."""
    facts = {key for (key,) in connection.execute("select order_id from published.core.fct_orders").fetchall()}
    accounts = connection.execute("select distinct account from published.core.fct_orders").fetchall()
    if not set(accounts) <= {(account,)}:
        yield f"orders of the accounts {accounts}"
    latest = dict(connection.execute(_in_landing(LATEST)).fetchall())
    for key, text in shown.items():
        if key not in facts:
            yield f"order {key} is not in the warehouse"
        elif key not in latest or _content(latest[key]) != _content(text):
            yield f"order {key} is not there in its latest version:\n{latest.get(key)}\n{text}"
    for key in facts - ever:
        yield f"order {key} was never shown"


def _in_landing(sql: str) -> str:
    return sql.replace("raw.", "landing.raw.")


def _content(text: str) -> Any:
    record = json.loads(text, parse_float=Decimal)
    return {name: value for name, value in record.items() if name not in VOLATILE}


def figures_not_as_recomputed(connection: duckdb.DuckDBPyConnection, zone: str, day_starts_at: int) -> Iterable[str]:
    """Report tables that are not what `tests.support.oracle` computes from the payloads, in words."""
    reads = connection.execute(_in_landing(READS)).fetchall()
    loads = [
        Load(
            [_payload(text, is_missing=is_missing) for _, _, text, is_missing in group],
            watermark=key[0],
            load_id=key[1],
        )
        for key, group in groupby(reads, key=lambda row: (row[0], row[1]))
    ]
    if not loads:
        return
    books = keep_books(
        [Read(load, watermark, _payload(text, is_missing=is_missing)) for watermark, load, text, is_missing in reads],
        [Crawl(*row) for row in connection.execute(_in_landing(CRAWLS)).fetchall()],
        zone,
        day_starts_at,
    )
    shop = oracle.read_shop(loads, zone, day_starts_at, books)
    reports: dict[str, tuple[str, int, Callable[[oracle.Shop], Any]]] = {
        "sales_by_day": (DAYS, 2, oracle.sales_by_day),
        "vat_by_month": (VAT, 3, oracle.vat_by_month),
        "daily_closing": (CLOSING, 3, lambda _: books.closing()),
        "bookings_by_day": (BOOKINGS, 4, lambda _: books.by_day()),
        "sales_by_product": (PRODUCTS, 1, oracle.sales_by_product),
        "customers": (CUSTOMERS, 1, oracle.customers),
    }
    if not shop.orders["is_sale"].any():
        return
    for name, (sql, width, compute) in reports.items():
        found = _filled(
            {
                row[:width]: row[width:]
                for row in connection.execute(sql.replace(" marts.", " published.marts.")).fetchall()
            }
        )
        right = _filled(compute(shop))
        if found != right:
            keys = sorted({key for key in found.keys() | right.keys() if found.get(key) != right.get(key)}, key=repr)
            yield "\n".join(f"{name} {key}: {found.get(key)}, recomputed {right.get(key)}" for key in keys[:5])


def _payload(text: str, *, is_missing: bool) -> str:
    """The payload; of an order that is no longer listed one that is no sale."""
    if not is_missing:
        return text
    record = json.loads(text)
    return json.dumps(record | {"state": (record["state"] or 0) | CANCELED})


def _filled(rows: Mapping[tuple[Any, ...], tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Rows in which something is not zero."""
    return {key: values for key, values in rows.items() if any(values)}


def undocumented(home: Path) -> list[str]:
    """Names in the home that no page explains."""
    names = {path.name for path in home.iterdir()} - HOME
    work = {f"work/{path.name}" for path in (home / "work").iterdir() if path.name not in WORK}
    return sorted(names | work)


def differing_tables(one: Path, two: Path) -> dict[str, str]:
    """Tables of core and marts whose rows differ between two builds, with a row of each side."""
    with closing(_attached(one=one, two=two)) as connection:
        names = [name for (name,) in connection.execute(TABLES).fetchall()]
        others = connection.execute(TABLES.replace("'one'", "'two'")).fetchall()
        if [(name,) for name in names] != others:
            return {"tables": f"{names} and {others}"}
        contents = [connection.execute(_contents(side, names)).fetchall() for side in ("one", "two")]
        found = {}
        for (name, *content), (_, *other) in zip(*contents, strict=True):
            if content != other:
                sides = [
                    connection.execute(f"(from {a}.{name} except all from {b}.{name}) limit 3").fetchall()
                    for a, b in (("one", "two"), ("two", "one"))
                ]
                found[name] = f"only incremental {sides[0]}, only full {sides[1]}"
    return found


def _contents(side: str, names: Sequence[str]) -> str:
    """A query for the number of rows of each table, and a sum that any other row changes."""
    return (
        " union all ".join(
            f"select '{name}' as name, count(*), sum(hash(t)::hugeint) from {side}.{name} as t" for name in names
        )
        + " order by name"
    )


def _attached(**files: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    for name, path in files.items():
        connection.execute(f"attach '{path}' as {name} (read_only)")
    return connection
