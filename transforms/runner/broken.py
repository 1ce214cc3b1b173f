"""Broken claims of severity `fail`: what is kept of them for the bug report, and which of them a user accepted."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import duckdb

from transforms.errors import Evidence, UnknownClaim
from transforms.runner import ledger
from transforms.runner.models import FINDINGS, temporary
from transforms.runner.session import quoted, sql_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from transforms.errors import CheckResult
    from transforms.runner.models import Check
    from transforms.runner.session import Connection

KEPT_ROWS = 100
KEPT_ORDERS = 50
KEPT_NOTES = 50
INCREMENTAL, FULL = "incremental", "full"
MENDED, ACCEPTED, NOT_PUBLISHED = "mended by a full build", "accepted", "not published"

# What leads from a row of a claim to orders: the narrowest first; an account or a channel alone leads to all.
LEADS = (("order_id",), ("product_id", "business_date"), ("business_date",), ("product_id",), ("customer_id",))
NEAR = ("account", "channel")
FACTS = ("core.fct_orders", "core.fct_order_items")


@dataclass(frozen=True)
class AcceptedClaim:
    """A claim with which the warehouse is published although it is broken."""

    check_name: str
    accepted_at: datetime
    run_id: str
    failing_rows: int
    sample: str | None


def claims_named(names: Iterable[str], checks: Sequence[Check]) -> frozenset[str]:
    """The names, each of them one of a claim that can keep a build from being published.

    Raises:
        UnknownClaim: There is none of that name, or it is a warning.
    """
    severities = {check.name: check.severity for check in checks}
    claims = sorted(name for name, severity in severities.items() if severity == "fail")
    for name in names:
        if severities.get(name) == "warn":
            raise UnknownClaim(f"{name} is a warning: it never keeps a build from being published. Nothing was built.")
        if name not in severities:
            from difflib import get_close_matches

            near = get_close_matches(name, claims, n=1, cutoff=0.0)
            nearest = f" The nearest one is {near[0]}." if near else ""
            raise UnknownClaim(f"There is no claim {name!r}.{nearest} Nothing was built.")
    return frozenset(names)


def gather(connection: Connection, check: Check, failing_rows: int, *, fresh: bool) -> Evidence:
    """What to keep of a claim that has just broken; to be asked before the build is rolled back."""
    with sql_of(check.path):
        found = connection.execute(f"select * from (\n{check.sql}\n) limit {KEPT_ROWS}")
        columns = [column[0] for column in found.description or []]
        rows = tuple(
            {name: None if value is None else str(value) for name, value in zip(columns, row, strict=True)}
            for row in found.fetchall()
        )
    orders: list[tuple[str, int]] = []
    with suppress(duckdb.Error):  # it only helps; the claim is broken with or without it
        orders = _orders(connection, check, columns, fresh=fresh)
    return Evidence(check.name, FULL if fresh else INCREMENTAL, failing_rows, rows, tuple(orders))


def _orders(connection: Connection, check: Check, columns: Sequence[str], *, fresh: bool) -> list[tuple[str, int]]:
    """Orders that the rows speak of; where they name none, those that an incremental build changed."""
    for fact in FACTS:
        there = _columns_of(connection, fact)
        for lead in LEADS:
            if not set(lead) <= set(columns) & there:
                continue
            by = [*lead, *(name for name in NEAR if name in columns and name in there)]
            same = " and ".join(f"facts.{name} = broken.{name}" for name in by)
            found = connection.execute(
                f"select distinct facts.account, facts.order_id from {fact} as facts "
                f"inner join (select * from (\n{check.sql}\n) limit {KEPT_ROWS}) as broken on {same} "
                f"order by all limit {KEPT_ORDERS}"
            ).fetchall()
            if found:
                return found
    if fresh:
        return []
    affected = temporary("staging.affected_orders")
    return connection.execute(
        f"select distinct account, order_id from {affected} order by all limit {KEPT_ORDERS}"
    ).fetchall()


def _columns_of(connection: Connection, table: str) -> set[str]:
    schema, name = table.split(".")
    found = connection.execute(
        "select column_name from duckdb_columns() "
        f"where database_name = current_database() and schema_name = {quoted(schema)} and table_name = {quoted(name)}"
    ).fetchall()
    return {column for (column,) in found}


def note_findings(connection: Connection, check: Check) -> None:
    """Add the rows that break an accepted claim to `ops.fct_findings`, so that readers meet them."""
    with sql_of(check.path):
        described = connection.execute(f"select * from (\n{check.sql}\n) limit 0").description or []
        columns = [column[0] for column in described]
        words = ", ".join(f'{quoted(name + " ")} || cast("{name}" as varchar)' for name in columns)
        account = "cast(account as varchar)" if "account" in columns else "null"
        order_id = "try_cast(order_id as bigint)" if "order_id" in columns else "null"
        amount = "try_cast(amount as decimal(18, 2))" if "amount" in columns else "null"
        connection.execute(
            f"insert into {FINDINGS} (check_name, account, order_id, detail, amount) "
            f"select {quoted(check.name)}, {account}, {order_id}, concat_ws(', ', {words}), {amount} "
            f"from (\n{check.sql}\n)"
        )


def write_evidence(
    connection: Connection, run_id: str, noted_at: datetime, found: Iterable[Evidence], outcome: str
) -> None:
    """Keep evidence in `ops.broken_claims`: that of the newest builds."""
    for one in _by_claim(found):
        connection.execute(
            "delete from ops.broken_claims where run_id = ? and build = ? and check_name = ?",
            [run_id, one.build, one.check_name],
        )
        connection.execute(
            "insert into ops.broken_claims values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run_id,
                noted_at,
                one.build,
                one.check_name,
                one.failing_rows,
                json.dumps(one.rows, ensure_ascii=False),
                json.dumps(one.orders),
                outcome,
            ],
        )
    connection.execute(
        "delete from ops.broken_claims where rowid not in "
        f"(select rowid from ops.broken_claims order by noted_at desc, rowid desc limit {KEPT_NOTES})"
    )


def _by_claim(found: Iterable[Evidence]) -> list[Evidence]:
    """One for each build and claim, over all batches."""
    merged: dict[tuple[str, str], Evidence] = {}
    for one in found:
        before = merged.get((one.build, one.check_name))
        if before is not None:
            one = replace(
                one,
                failing_rows=before.failing_rows + one.failing_rows,
                rows=(*before.rows, *one.rows)[:KEPT_ROWS],
                orders=(*before.orders, *one.orders)[:KEPT_ORDERS],
            )
        merged[one.build, one.check_name] = one
    return list(merged.values())


def read_accepted(connection: Connection, database: str | None = None) -> dict[str, AcceptedClaim]:
    """The claims that are accepted as broken, by name; none in a file of a version that knew no acceptance."""
    if "accepted_claims" not in ledger.tables_in(connection, database):
        return {}
    place = f"{database}.ops.accepted_claims" if database else "ops.accepted_claims"
    rows = connection.execute(
        f"select check_name, accepted_at, run_id, failing_rows, sample from {place} order by check_name"
    ).fetchall()
    return {row[0]: AcceptedClaim(*row) for row in rows}


def write_accepted(
    connection: Connection,
    before: dict[str, AcceptedClaim],
    broken: Iterable[CheckResult],
    run_id: str,
    now: datetime,
) -> None:
    """Make these the accepted claims; one that was accepted before keeps its time."""
    connection.execute("delete from ops.accepted_claims")
    for found in broken:
        known = before.get(found.name)
        connection.execute(
            "insert into ops.accepted_claims values (?, ?, ?, ?, ?)",
            [
                found.name,
                known.accepted_at if known else now,
                known.run_id if known else run_id,
                found.failing_rows,
                found.sample,
            ],
        )
