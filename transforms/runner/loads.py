"""Which loads are new, which orders they change, and the batches in which those are built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.runner.ledger import LoadRow
from transforms.runner.models import temporary

if TYPE_CHECKING:
    from collections.abc import Set

    from transforms.runner.session import Connection

BATCH_ORDERS = 200_000

LOADS = temporary("raw._dlt_loads")
NEW_LOADS = temporary("staging.new_loads")
AFFECTED = temporary("staging.affected_orders")
BATCH = temporary("staging.batch_orders")

# Reads of one order in the order in which they were made; a version begins where the content differs from the
# read before. An order is affected if a version begins in a new load: without that, no version among the old
# reads can come or go either. An id that several accounts use is affected in all of them, so that rows are found
# by the id alone, which lets DuckDB skip what it does not need.
READS = f"""
create or replace temp table affected_reads as
with ids as materialized (
    select distinct order_id from landing.raw.orders
    where _dlt_load_id in (select load_id from {NEW_LOADS})
),

near as materialized (
    select account, order_id, content_hash, _watermark, _dlt_load_id, _read_seq
    from landing.raw.orders
    where order_id in (select order_id from ids)
),

reads as (
    select *, _dlt_load_id in (select load_id from {NEW_LOADS}) as is_new
    from near
    where _dlt_load_id in (select load_id from {LOADS})
),

steps as (
    select
        account, order_id, is_new,
        row_number() over reading = 1
            or content_hash is distinct from lag(content_hash) over reading as begins_version,
        not is_new and lag(is_new) over reading as follows_newer_load
    from reads
    window reading as (
        partition by account, order_id order by _watermark, _dlt_load_id, _read_seq
    )
)

select
    account, order_id,
    bool_and(is_new) as is_new_order,
    bool_or(is_new) as is_read,
    bool_or(is_new and begins_version) as is_affected,
    coalesce(bool_or(follows_newer_load), false) as is_out_of_order
from steps
group by account, order_id
"""


@dataclass(frozen=True)
class Affected:
    """What the new loads change.

    Attributes:
        orders: Orders to build again.
        new: Those among them that no earlier load held.
        reread: Orders of the new loads that are as they were known.
        batches: Number of batches that the orders make.
        out_of_order: A new load holds readings that are older than known ones of the same order, so that what
            was kept as newest may not be; only a full build gives the same tables as one over all loads.
    """

    orders: int
    new: int
    reread: int
    batches: int
    out_of_order: bool = False

    @property
    def changed(self) -> int:
        return self.orders - self.new


def new_loads(connection: Connection, seen: Set[str]) -> list[LoadRow]:
    """Completed loads that are not in `seen`; also makes the runner's tables of loads."""
    connection.execute(
        f"create or replace temp table {LOADS} as "
        "select load_id, any_value(schema_name) as schema_name, 0::bigint as status, "
        "min(inserted_at) as inserted_at "
        "from landing.raw._dlt_loads where status = 0 group by load_id order by load_id"
    )
    ids = [load_id for (load_id,) in connection.execute(f"select load_id from {LOADS}").fetchall()]
    unseen = [load_id for load_id in ids if load_id not in seen]
    facts: dict[str, LoadRow] = {}
    if unseen:
        facts = {
            load_id: LoadRow(load_id, watermark, rows)
            for load_id, watermark, rows in connection.execute(
                "select _dlt_load_id, max(_watermark), count(*) from landing.raw.orders "
                "where _dlt_load_id in (select unnest(?)) group by _dlt_load_id",
                [unseen],
            ).fetchall()
        }
    loads = [facts.get(load_id) or LoadRow(load_id, None, 0) for load_id in unseen]
    connection.execute(f"create or replace temp table {NEW_LOADS} (load_id varchar, watermark timestamptz)")
    if loads:
        connection.executemany(
            f"insert into {NEW_LOADS} values (?, ?)", [(load.load_id, load.watermark) for load in loads]
        )
    return loads


def vanished_loads(connection: Connection, seen: Set[str]) -> bool:
    """Whether the warehouse holds loads that the landing file does not: it was replaced or rewritten."""
    there = {load_id for (load_id,) in connection.execute(f"select load_id from {LOADS}").fetchall()}
    return not seen <= there


def keep_loads(connection: Connection, seen: Set[str]) -> None:
    """Narrow the tables of loads to those that the warehouse holds."""
    connection.execute(f"delete from {LOADS} where load_id not in (select unnest(?))", [sorted(seen)])


def stage_affected(connection: Connection) -> Affected:
    """Make `staging.affected_orders` from the new loads."""
    connection.execute(READS)
    of_affected_ids = "order_id in (select order_id from affected_reads where is_affected)"
    batches = _stage_affected_orders(connection, f"affected_reads where {of_affected_ids}")
    orders, new, reread, out_of_order = connection.execute(
        "select count(*) filter (is_affected), count(*) filter (is_affected and is_new_order), "
        "count(*) filter (is_read and not is_affected), coalesce(bool_or(is_affected and is_out_of_order), false) "
        "from affected_reads"
    ).fetchall()[0]
    connection.execute("drop table affected_reads")
    return Affected(orders, new, reread, batches, out_of_order)


def stage_all(connection: Connection) -> Affected:
    """Make `staging.affected_orders` hold every order."""
    source = (
        "(select distinct account, order_id from landing.raw.orders "
        f"where _dlt_load_id in (select load_id from {LOADS}))"
    )
    batches = _stage_affected_orders(connection, source)
    ((orders,),) = connection.execute(f"select count(*) from {AFFECTED}").fetchall()
    return Affected(orders, orders, 0, batches)


def stage_batch(connection: Connection, number: int) -> None:
    """Make `staging.batch_orders`: the orders of one batch, which are neighbours by id."""
    connection.execute(
        f"create or replace temp table {BATCH} as "
        f"select account, order_id from {AFFECTED} where batch_number = {number}"
    )


def _stage_affected_orders(connection: Connection, source: str) -> int:
    """Make the table of orders with their batches, all orders of an id in one; gives the number of batches."""
    connection.execute(
        f"create or replace temp table {AFFECTED} as "
        "select account, order_id, "
        f"(dense_rank() over (order by order_id) - 1) // {BATCH_ORDERS} as batch_number "
        f"from {source} order by order_id, account"
    )
    ((batches,),) = connection.execute(f"select coalesce(max(batch_number) + 1, 0) from {AFFECTED}").fetchall()
    return int(batches)


def told_tables(connection: Connection) -> set[str]:
    """The tables of `raw`, beside orders and windows, into which the new loads brought rows."""
    names = ("quarantine", "reconciliation", "absences")
    told = ", ".join(
        f"exists (from landing.raw.{name} where _dlt_load_id in (select load_id from {NEW_LOADS}))" for name in names
    )
    found = connection.execute(f"select {told}").fetchall()[0]
    return {f"raw.{name}" for name, is_told in zip(names, found, strict=True) if is_told}


def has_corrected_clocks(connection: Connection) -> bool:
    """Whether times of loads that are built in were corrected since: in the new loads stands a note of it."""
    (there,) = connection.execute(
        "select count(*) > 0 from duckdb_tables() "
        "where database_name = 'landing' and schema_name = 'raw' and table_name = 'clock_corrections'"
    ).fetchall()[0]
    if not there:
        return False
    (noted,) = connection.execute(
        f"select exists (from landing.raw.clock_corrections where _dlt_load_id in (select load_id from {NEW_LOADS}))"
    ).fetchall()[0]
    return bool(noted)


def has_turned(connection: Connection) -> bool:
    """Whether the latest crawl of a channel ended otherwise than the one before; that another went well is none."""
    (found,) = connection.execute(
        f"""
        with crawls as (
            select
                account, channel, endpoint, status,
                _dlt_load_id in (select load_id from {NEW_LOADS}) as is_new,
                (_dlt_load_id, finished_at, window_id) as moment
            from landing.raw.windows
            where _dlt_load_id in (select load_id from {LOADS})
        )

        select exists (
            select 1
            from crawls
            group by account, channel, endpoint
            having
                arg_max(status, moment) is distinct from arg_max(status, moment) filter (where not is_new)
                and (arg_max(status, moment) <> 'complete' or bool_or(not is_new))
        )
        """
    ).fetchall()[0]
    return bool(found)
