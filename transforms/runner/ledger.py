"""The tables of `ops`: which loads are built in, what each run did, what each check found."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import duckdb

from transforms.runner.session import Connection, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal

    from transforms.errors import CheckResult

# table -> (what it is, column -> (type, what it means))
TABLES: Mapping[str, tuple[str, Mapping[str, tuple[str, str]]]] = {
    "loads": (
        "Loads that this warehouse holds.\nGrain: one row per completed load.\nKey: load_id.",
        {
            "load_id": ("varchar", "id of the load in raw"),
            "watermark": (
                "timestamptz",
                "latest server time at which a crawl of the load began; null: no orders",
            ),
            "built_at": ("timestamptz", "when the load was built in"),
            "order_rows": ("bigint", "orders that the load read, repeated readings included"),
        },
    ),
    "runs": (
        "What each run of the program did.\nGrain: one row per run.\nKey: run_id.",
        {
            "run_id": ("varchar", "id of the run"),
            "command": ("varchar", "command that ran"),
            "started_at": ("timestamptz", "when it began"),
            "finished_at": ("timestamptz", "when it ended"),
            "exit_code": ("integer", "its exit code; 0 is success"),
            "message": ("varchar", "what it had to say; null: nothing"),
            "orders_new": ("bigint", "orders seen for the first time"),
            "orders_changed": ("bigint", "known orders that came in a new version"),
            "orders_reread": ("bigint", "orders that came as they were known"),
            "quarantined": ("bigint", "records that could not be loaded"),
            "requests": ("bigint", "requests to the API"),
            "seconds": ("varchar", "JSON object: seconds of each step; publishing comes after this note"),
            "rows": (
                "varchar",
                "JSON object: rows of each step, named as in seconds: read from the API (load), come or gone in a "
                "table; null: run of a version that did not count them",
            ),
        },
    ),
    "checks": (
        "What each check found in each build; those that found nothing are listed after full builds only.\n"
        "Grain: one row per run and check.\nKey: run_id, check_name.",
        {
            "run_id": ("varchar", "run that checked"),
            "checked_at": ("timestamptz", "when the build was checked"),
            "check_name": ("varchar", "the claim; the name of its file in sql/checks"),
            "severity": ("varchar", "fail: keeps the build from being published; warn: is counted"),
            "failing_rows": ("bigint", "rows that break the claim, among what the run rebuilt; 0: none"),
            "amount": ("decimal(18, 2)", "money that these rows concern; null: none can be named"),
            "sample": ("varchar", "some of these rows; null: none"),
        },
    ),
    "broken_claims": (
        "Claims of severity fail that broke in a build: about our own work, so each is a bug. The newest 50.\n"
        "Grain: one row per run, build and claim.\nKey: run_id, build, check_name.",
        {
            "run_id": ("varchar", "run in which it broke"),
            "noted_at": ("timestamptz", "when"),
            "build": ("varchar", "incremental: what was new was built in; full: everything was built"),
            "check_name": ("varchar", "the claim; the name of its file in sql/checks"),
            "failing_rows": ("bigint", "rows that break it"),
            "failing": ("varchar", "JSON list: up to 100 of these rows, values as text"),
            "orders": ("varchar", "JSON list: account and id of up to 50 orders that they speak of"),
            "outcome": (
                "varchar",
                "mended by a full build: that was published; accepted: published broken, as the user wished; "
                "not published",
            ),
        },
    ),
    "accepted_claims": (
        "Claims that are broken in this file and were accepted by `inventorum build --accept`; one that holds again "
        "goes.\nGrain: one row per claim.\nKey: check_name.",
        {
            "check_name": ("varchar", "the claim; the name of its file in sql/checks"),
            "accepted_at": ("timestamptz", "when it was accepted"),
            "run_id": ("varchar", "run that accepted it"),
            "failing_rows": ("bigint", "rows that break it now"),
            "sample": ("varchar", "some of these rows"),
        },
    ),
    "erasures": (
        "Persons who were forgotten: taken out of every payload, while orders and figures stay.\n"
        "Grain: one row per call of `inventorum forget` that found somebody.\nKey: erasure_id.",
        {
            "erasure_id": ("varchar", "id of the erasure"),
            "account": ("varchar", "account whose customer it was"),
            "erased_at": ("timestamptz", "when"),
            "person_hash": ("varchar", "keyed digest of the customer's id; the key lies in the landing log"),
            "order_count": ("bigint", "orders that were the person's"),
            "payload_count": ("bigint", "readings of these orders, all of which were cleaned"),
            "quarantined_count": ("bigint", "records of the quarantine that named the person"),
        },
    ),
    "meta": (
        "Facts about this file.\nGrain: one row per fact.\nKey: key.",
        {
            "key": ("varchar", "name of the fact"),
            "value": ("varchar", "its value"),
        },
    ),
}


DISTRUST = "distrust"  # a fact of ops.meta: why the tables of this file must be built anew


@dataclass(frozen=True)
class RunRecord:
    """One row of `ops.runs`; `seconds` and `rows` become JSON objects."""

    run_id: str
    command: str
    started_at: datetime
    finished_at: datetime
    exit_code: int = 0
    message: str | None = None
    orders_new: int = 0
    orders_changed: int = 0
    orders_reread: int = 0
    quarantined: int = 0
    requests: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadRow:
    """A completed load that the warehouse does not hold yet."""

    load_id: str
    watermark: datetime | None
    order_rows: int


def create_tables(connection: Connection) -> None:
    """Make the tables of `ops`, and those of their columns that an earlier version did not have."""
    connection.execute("create schema if not exists ops")
    there: dict[str, set[str]] = {}
    for table, column in connection.execute(
        "select table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'ops'"
    ).fetchall():
        there.setdefault(table, set()).add(column)
    for table, (meaning, columns) in TABLES.items():
        missing = {name: shape for name, shape in columns.items() if name not in there.get(table, ())}
        if table in there:
            for name, (kind, _) in missing.items():
                connection.execute(f'alter table ops.{table} add column "{name}" {kind}')
        else:
            shape = ", ".join(f'"{name}" {kind}' for name, (kind, _) in columns.items())
            connection.execute(f"create table ops.{table} ({shape})")
            connection.execute(f"comment on table ops.{table} is {quoted(meaning)}")
        for name, (_, comment) in missing.items():
            connection.execute(f'comment on column ops.{table}."{name}" is {quoted(comment)}')


def is_warehouse(connection: Connection) -> bool:
    """Whether the file holds the ledger, that is, was made by this program."""
    try:
        connection.execute("select key, value from ops.meta limit 0")
    except duckdb.CatalogException:
        return False
    return True


def read_meta(connection: Connection) -> dict[str, str]:
    """The facts of `ops.meta`."""
    return dict(connection.execute("select key, value from ops.meta").fetchall())


def write_meta(connection: Connection, facts: Mapping[str, str]) -> None:
    """Set facts of `ops.meta`."""
    connection.execute("delete from ops.meta where key in (select unnest(?))", [list(facts)])
    connection.executemany("insert into ops.meta values (?, ?)", list(facts.items()))


def seen_loads(connection: Connection) -> set[str]:
    """The loads that the warehouse holds."""
    return {load_id for (load_id,) in connection.execute("select load_id from ops.loads").fetchall()}


def write_loads(connection: Connection, loads: Sequence[LoadRow], built_at: datetime) -> None:
    """Note that loads are built in."""
    if loads:
        connection.executemany(
            "insert into ops.loads values (?, ?, ?, ?)",
            [(load.load_id, load.watermark, built_at, load.order_rows) for load in loads],
        )


def write_checks(
    connection: Connection,
    run_id: str,
    checked_at: datetime,
    results: Iterable[CheckResult],
    table: str = "ops.checks",
) -> None:
    """Note what the checks of a build found."""
    rows: list[tuple[str, datetime, str, str, int, Decimal | None, str | None]] = [
        (run_id, checked_at, found.name, found.severity, found.failing_rows, found.amount, found.sample)
        for found in results
    ]
    if rows:
        # a sum of odd amounts may be larger than any amount: then it is unknown
        values = ", ".join(["(?, ?, ?, ?, ?, try_cast(? as decimal(18, 2)), ?)"] * len(rows))
        connection.execute(f"insert into {table} values {values}", [value for row in rows for value in row])


def write_run(connection: Connection, record: RunRecord) -> None:
    """Note what a run did, in the place of an earlier note of the same run."""
    connection.execute("delete from ops.runs where run_id = ?", [record.run_id])
    *values, seconds, rows = astuple(record)
    values.append(json.dumps({step: round(value, 3) for step, value in seconds.items()}))
    values.append(json.dumps(rows))
    connection.execute(f"insert into ops.runs values ({', '.join('?' * len(values))})", values)


def copy_logs(connection: Connection, source: str) -> None:
    """Bring the logs of runs and checks, and the build times of loads, from an attached file."""
    there = tables_in(connection, source)
    for table in ("runs", "checks", "broken_claims"):
        if table in there:
            connection.execute(f"insert into ops.{table} by name select * from {source}.ops.{table}")


def copy_erasures(connection: Connection) -> None:
    """Bring what the landing log, attached as `landing`, says of persons who were forgotten."""
    there = connection.execute(
        "select count(*) from duckdb_tables() "
        "where database_name = 'landing' and schema_name = 'raw' and table_name = 'erasures'"
    ).fetchall()
    if there[0][0]:
        columns = ", ".join(TABLES["erasures"][1])
        connection.execute(f"insert into ops.erasures by name select {columns} from landing.raw.erasures")


def drop_samples(connection: Connection) -> None:
    """Forget the rows that logs of runs and checks show as examples; what happened, and how often, stays."""
    create_tables(connection)
    connection.execute("update ops.checks set sample = null")
    connection.execute("update ops.broken_claims set failing = '[]', orders = '[]'")
    connection.execute("update ops.accepted_claims set sample = null")
    connection.execute("update ops.runs set message = null where exit_code = 3")


def tables_in(connection: Connection, database: str | None = None) -> set[str]:
    """The tables of `ops` in an attached file, or in the connection's own: an earlier version knew fewer.

    To ask for one that is missing would end the transaction.
    """
    found = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'ops' and database_name = "
        + (quoted(database) if database else "current_database()")
    ).fetchall()
    return {table for (table,) in found}
