"""A person out of the landing log: found in every payload, and the file written anew, so that no page of it survives.

The new file is complete, with the note of whom it lacks, before it takes the place of the old one in one step.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from pipelines.errors import HomeError
from pipelines.landing import erasures, nameless
from pipelines.landing import log as landing
from pipelines.landing.erasures import Forgotten
from transforms.runner.database_file import draft_of, put_in_place, remove_database

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.progress import Progress
    from pipelines.settings import Files

DRAFT = ".forgetting"
ROWS_AT_ONCE = 50_000

# Every payload that may name the customer, by an id somewhere in it or by an address: what it says is read then.
NAMED = """
select order_id, payload
from raw.orders
where account = $account and (regexp_matches(payload, $id) or list_any_value(
    list_filter($emails::varchar[], lambda email: contains(lower(payload), email))) is not null)
"""
QUARANTINED = "select rowid, order_id, payload from raw.quarantine where account = $account"
NOTHING = "select 0, '', '' where $account is null"  # where no load has made the table yet
THEIRS = """
select rowid, order_id, content_hash, payload
from raw.orders
where account = $account and order_id in (select unnest($order_ids::bigint[]))
"""
ELSEWHERE = """
select distinct order_id
from raw.orders
where
    account = $account and not order_id in (select unnest($order_ids::bigint[]))
    and list_any_value(list_filter($texts::varchar[], lambda text: contains(lower(payload), text))) is not null
order by order_id
"""


@dataclass(frozen=True)
class Person:
    """Who is to be forgotten.

    Attributes:
        emails: Under which orders of theirs may stand that lack the id.
    """

    account: str
    customer_id: int
    emails: tuple[str, ...] = ()


@dataclass
class Found:
    """Where a person stands in the log.

    Attributes:
        order_ids: Orders of which any version names them as the customer.
        payloads: Rows of `raw.orders` with these orders.
        quarantined: Row numbers and payloads of records that are no orders.
        texts: How they may be named, as words.
        elsewhere: Orders of others, or of nobody, in which their e-mail address or whole name stands.
    """

    order_ids: list[int] = field(default_factory=list)
    payloads: int = 0
    quarantined: list[tuple[int, str]] = field(default_factory=list)
    texts: set[tuple[str, ...]] = field(default_factory=set)
    elsewhere: list[int] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.order_ids or self.quarantined)


def find(connection: duckdb.DuckDBPyConnection, person: Person) -> Found:
    """Look for a person in every payload of the log; changes nothing."""
    found = Found()
    if not landing.has_table(connection, "orders"):
        return found
    known = erasures.read_forgotten(connection, person.account)
    who = _alone(person, known)
    emails = [written for email in person.emails for written in _written(email)]
    an_id = rf'"id"\s*:\s*"?(0*{person.customer_id}[^0-9]|[0-9.]+[eE])|\\u00[2-7]'  # also as 4.711E3, or escaped
    rows = _rows(connection, NAMED, {"account": person.account, "id": an_id, "emails": emails})
    order_ids = {order_id for order_id, payload in rows if who.names(payload)}
    found.order_ids = sorted(order_ids)
    asked: dict[str, Any] = {"account": person.account, "order_ids": found.order_ids}
    spoken: set[str] = set()
    for _, _, _, payload in _rows(connection, THEIRS, asked):
        found.payloads += 1
        if who.names(payload):
            found.texts |= nameless.texts_of(payload)
            spoken |= nameless.whole_names(payload)
    rejected = QUARANTINED if landing.has_table(connection, "quarantine") else NOTHING
    for row, order_id, payload in _rows(connection, rejected, {"account": person.account}):
        if ((order_id or "").isdigit() and int(order_id) in order_ids) or who.names(payload):
            found.quarantined.append((row, payload))
    texts = [written for text in (*spoken, *person.emails) if len(text) > 5 for written in _written(text)]
    if texts:
        rows = _rows(connection, ELSEWHERE, asked | {"texts": texts})
        found.elsewhere = [order_id for (order_id,) in rows]
    return found


def _alone(person: Person, known: Forgotten | None) -> Forgotten:
    """The person as one who is recognised."""
    secret = known.secret if known else erasures.new_secret()
    return Forgotten(
        secret,
        nameless.Texts(secret, known.texts.digests if known else frozenset()),
        persons=frozenset({erasures.person_hash(secret, person.customer_id)}),
        emails=frozenset(erasures.email_hash(secret, email) for email in person.emails),
    )


def _written(text: str) -> set[str]:
    """The ways in which JSON may hold a text, in lower case."""
    low = text.strip().lower()
    return {low, json.dumps(low)[1:-1].lower()} - {""}


def _rows(connection: duckdb.DuckDBPyConnection, query: str, asked: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    found = connection.execute(query, asked)
    while rows := found.fetchmany(1_000):
        yield from rows


def write_anew(files: Files, person: Person, found: Found, erasure_id: str, progress: Progress) -> None:
    """Put a landing log without the person in the place of the one that there is; durable when this returns.

    Raises:
        HomeError: It could not be written; the old one is as it was.
        LockedError: Another program has it open.
    """
    draft = draft_of(files.landing, DRAFT)
    remove_database(draft)
    try:
        with landing.readable_faults(files.landing):
            with landing.kept_open(files) as connection:
                connection.execute("checkpoint")
            with closing(_opened(draft, files)) as connection:
                draft.chmod(0o600)
                _fill(connection, person, found, erasure_id, progress)
                connection.execute("detach old")
                connection.execute("checkpoint")
            put_in_place(draft, files.landing)
    finally:
        remove_database(draft)


def clear_draft(files: Files) -> None:
    """Remove what was begun by a command that was killed."""
    remove_database(draft_of(files.landing, DRAFT))


def is_noted(files: Files, erasure_id: str) -> bool:
    """Whether the log lacks the person of this erasure already."""
    with landing.opened(files) as connection:
        if not landing.has_table(connection, erasures.TABLE):
            return False
        query = "select count(*) from raw.erasures where erasure_id = ?"
        return bool(connection.execute(query, [erasure_id]).fetchall()[0][0])


def _opened(draft: Path, files: Files) -> duckdb.DuckDBPyConnection:
    """The new file, with the old one beside it as `old`."""
    from pipelines.landing.destination import SETTINGS

    config: dict[str, Any] = {"storage_compatibility_version": landing.STORAGE_VERSION}
    connection = duckdb.connect(str(draft), config=config)
    for name, value in SETTINGS.items():
        connection.execute(f"set {name} = '{value}'")
    connection.execute("set enable_progress_bar = false")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("attach '{}' as old (read_only)".format(str(files.landing).replace("'", "''")))
    return connection


def _fill(
    connection: duckdb.DuckDBPyConnection, person: Person, found: Found, erasure_id: str, progress: Progress
) -> None:
    ((draft,),) = connection.execute("select current_database()").fetchall()
    connection.execute("use old")
    known = erasures.read_forgotten(connection, person.account)
    who = _alone(person, known)
    texts = erasures.with_texts(who.texts, found.texts)
    instead = {
        "orders": _orders_without(connection, person, found, texts),
        "quarantine": pa.table(
            {
                "row": pa.array([row for row, _ in found.quarantined], pa.int64()),
                "payload": [erasures.rejected_without(who.secret, payload) for _, payload in found.quarantined],
            }
        ),
        "windows": _messages_without(connection, texts),
    }
    tables = connection.execute(
        "select schema_name, table_name, sql from duckdb_tables() where database_name = 'old' order by 1, 2"
    ).fetchall()
    connection.execute(f'use "{draft}"')
    for number, (schema, table, sql) in enumerate(tables):
        progress.update("write the landing log anew", number, len(tables))
        connection.execute(f'create schema if not exists "{schema}"')
        connection.execute(_definition(sql, schema, table))
        _copy(connection, schema, table, instead.get(table) if schema == landing.DATASET else None)
    connection.execute(erasures.CREATE)
    connection.execute(
        "insert into raw.erasures values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            erasure_id,
            person.account,
            datetime.now(UTC),
            who.secret.key,
            erasures.person_hash(who.secret, person.customer_id),
            sorted(who.emails),
            sorted(texts.digests - who.texts.digests),
            found.order_ids,
            len(found.order_ids),
            found.payloads,
            len(found.quarantined),
        ],
    )


def _definition(sql: str, schema: str, table: str) -> str:
    """A table's own words, with the compression of payloads, which DuckDB leaves out."""
    columns = sql[sql.index("(") :]
    if (schema, table) == (landing.DATASET, "orders"):
        columns = re.sub(r'("?)\bpayload\1 VARCHAR', r"\g<0> USING COMPRESSION zstd", columns, count=1)
    return f'create table "{schema}"."{table}" {columns}'


def _copy(connection: duckdb.DuckDBPyConnection, schema: str, table: str, instead: pa.Table | None) -> None:
    """Every row of a table in its order; of some columns of some rows something else."""
    ((rows, last),) = connection.execute(f'select count(*), max(rowid) from old."{schema}"."{table}"').fetchall()
    source = f'from old."{schema}"."{table}" as rows'
    select = f"select rows.* {source}"
    if instead is not None and instead.num_rows:
        connection.register("instead", instead)
        changed = ", ".join(
            f"coalesce(instead.{column}, rows.{column}) as {column}"
            for column in instead.column_names
            if column != "row"
        )
        select = f'select rows.* replace ({changed}) {source} left join instead on rows.rowid = instead."row"'
    for first in range(0, (last or 0) + 1 if rows else 0, ROWS_AT_ONCE):
        connection.execute(
            f'insert into "{schema}"."{table}" {select} '
            f"where rows.rowid >= {first} and rows.rowid < {first + ROWS_AT_ONCE} order by rows.rowid"
        )
    if instead is not None and instead.num_rows:
        connection.unregister("instead")
    ((written,),) = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchall()
    if written != rows:
        raise HomeError(f"{written} of {rows} rows of {schema}.{table} were written. Nothing was changed. Run again.")


def _orders_without(
    connection: duckdb.DuckDBPyConnection, person: Person, found: Found, texts: nameless.Texts
) -> pa.Table:
    rows, payloads, hashes = [], [], []
    asked = {"account": person.account, "order_ids": found.order_ids}
    for row, _, content_hash, payload in _rows(connection, THEIRS, asked):
        missing, again = erasures.is_missing(content_hash), nameless.is_without(content_hash)
        rows.append(row)
        payloads.append(nameless.without_person(payload, content_hash, texts, again=again))
        hashes.append(content_hash if missing or again else nameless.hash_without(texts.secret, content_hash))
    return pa.table(
        {
            "row": pa.array(rows, pa.int64()),
            "payload": pa.array(payloads, pa.string()),
            "content_hash": pa.array(hashes, pa.string()),
        }
    )


def _messages_without(connection: duckdb.DuckDBPyConnection, texts: nameless.Texts) -> pa.Table:
    """What crawls noted, where it names the person: an API may repeat what it was sent."""
    told = connection.execute("select rowid, message from raw.windows where message is not null").fetchall()
    changed = [(row, left) for row, message in told if (left := texts.replaced(message)) != message]
    return pa.table(
        {
            "row": pa.array([row for row, _ in changed], pa.int64()),
            "message": pa.array([message for _, message in changed], pa.string()),
        }
    )


def new_erasure_id() -> str:
    """Names one erasure."""
    return secrets.token_hex(8)
