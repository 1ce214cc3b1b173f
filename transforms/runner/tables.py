"""Keeps the tables of `core` and `marts`: makes them, documents them, replaces their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.errors import ModelError
from transforms.runner.loads import AFFECTED, BATCH
from transforms.runner.models import Column, Documented, Model, over_removed, removed, temporary, written
from transforms.runner.order import FINDINGS, key_table
from transforms.runner.session import quoted, sql_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.runner.session import Connection

LARGE = 20_000  # rows
# a batch holds an order id for every account that has it, and joins on one integer are the ones that DuckDB
# skips over the rest of a table with
OF_BATCH = f"order_id in (select order_id from {BATCH})"
EVERY_ORDER = f"select account, order_id from {AFFECTED}"


def create(connection: Connection, model: Model) -> None:
    """Make the model's table from its SELECT, without rows, with the comments of its `.yml`.

    Raises:
        ModelError: The columns and the `.yml` differ.
    """
    with sql_of(model.path):
        connection.execute(f"create table {model.relation} as\n{model.sql}\nwith no data")
    compare(connection, model)
    comment(connection, model.relation, model.comment, model.columns)


def create_findings(connection: Connection, documented: Documented) -> None:
    """Make the table of what the warning checks found."""
    connection.execute(
        "create table core.fct_findings (check_name varchar, account varchar, order_id bigint, "
        "detail varchar, amount decimal(18, 2))"
    )
    comment(connection, FINDINGS, documented.comment, documented.columns)


def comment(connection: Connection, relation: str, table: str, columns: tuple[Column, ...]) -> None:
    """Write the comments of a table and its columns."""
    statements = [f"comment on table {relation} is {quoted(table)}"]
    statements += [
        f'comment on column {relation}."{column.name}" is {quoted(column.description)}' for column in columns
    ]
    connection.execute(";".join(statements))


def difference(model: Model) -> str:
    """The orders for which the model's rows are not the same before and after a batch."""
    before, after = over_removed(model.sql_of_written), model.sql_of_written
    key = ", ".join(f'"{name}"' for name in model.key)
    return f"""
    select distinct {key} from (
        select * exclude (side) from (
            select *, 1 as side from (\n{after}\n)
            union all
            select *, -1 as side from (\n{before}\n)
        )
        group by all having sum(side) <> 0
    )"""


def stage(connection: Connection, model: Model, sql: str) -> int:
    """Make a temporary table anew."""
    with sql_of(model.path):
        return _count(connection, f"create or replace temp table {model.relation} as\n{sql}")


def stage_stored(connection: Connection, model: Model, *, fresh: bool) -> int:
    """Give the model the rows of the batch's orders.

    Args:
        fresh: The table is being filled for the first time, batch by batch: then the batch's rows are those with
            its range of ids, which need not be copied to be found again.
    """
    with sql_of(model.path):
        if not fresh:
            return stage(connection, model, f"from (\n{model.sql}\n) where {OF_BATCH}")
        ((first, last),) = connection.execute(f"select min(order_id), max(order_id) from {BATCH}").fetchall()
        of_range = "false" if first is None else f"order_id between {first} and {last}"
        return _count(
            connection, f"create or replace temp view {model.relation} as from (\n{model.sql}\n) where {of_range}"
        )


def stage_more(connection: Connection, model: Model, sql: str) -> int:
    """Add to a temporary table the rows that it does not hold yet."""
    with sql_of(model.path):
        return _count(
            connection,
            f"insert into {model.relation}\nselect * from (\n{sql}\n) except select * from {model.relation}",
        )


def replace_all(connection: Connection, model: Model, *, empty: bool) -> int:
    """Replace all rows; `empty` says that there are none."""
    with sql_of(model.path):
        if not empty:
            connection.execute(f"truncate {model.relation}")
        return _insert(connection, model)


def is_large(connection: Connection, model: Model) -> bool:
    """Whether it costs less to compare the rows than to write all of them again."""
    ((rows,),) = connection.execute(f"select count(*) from {model.relation}").fetchall()
    return int(rows) > LARGE


def replace_others(connection: Connection, model: Model) -> int:
    """Replace the rows that are not as they should be; gives the number of rows that came or went."""
    candidates, wrong = temporary("candidates"), temporary("wrong")
    same = " and ".join(f'kept."{column.name}" is not distinct from found."{column.name}"' for column in model.columns)
    with sql_of(model.path):
        connection.execute(f"create or replace temp table {candidates} as\n{model.sql}")
        gone = _count(
            connection,
            f"create or replace temp table {wrong} as "
            f"select kept.rowid as place from {model.relation} as kept anti join {candidates} as found on {same}",
        )
        if gone:
            connection.execute(f"delete from {model.relation} where rowid in (select place from {wrong})")
        key = " and ".join(f'kept."{name}" is not distinct from found."{name}"' for name in model.key)
        come = _count(
            connection,
            f"insert into {model.relation} "
            f"select found.* from {candidates} as found anti join {model.relation} as kept on {key}",
        )
    return gone + come


def replace_orders(connection: Connection, model: Model, *, empty: bool, is_compared: bool) -> int:
    """Replace the rows of the batch's orders; gives the number of rows that came or went.

    Args:
        is_compared: Keep the rows that go and those that come apart, for the models that compare them.
    """
    with sql_of(model.path):
        if empty:
            return _insert(connection, model)
        if not is_compared:
            return _delete_orders(connection, model.relation) + _insert(connection, model)
        connection.execute(
            f"create or replace temp table {removed(model.full_name)} as from {model.relation} where {OF_BATCH}"
        )
        connection.execute(f"create or replace temp table {written(model.full_name)} as\n{model.sql}")
        gone = _delete_orders(connection, model.relation)
        return gone + _count(connection, f"insert into {model.relation} from {written(model.full_name)}")


def replace_keys(connection: Connection, model: Model, *, empty: bool, columns: Sequence[str]) -> int:
    """Replace the rows whose values in `columns` are in the model's key table."""
    with sql_of(model.path):
        gone = 0
        if not empty:
            listed, keys = ", ".join(f'"{column}"' for column in columns), temporary(key_table(model))
            # by one column first, so that DuckDB skips most of the table
            found = f'"{columns[0]}" in (select "{columns[0]}" from {keys})'
            if len(columns) > 1:
                found += f" and ({listed}) in (select ({listed}) from {keys})"
            gone = _count(connection, f"delete from {model.relation} where {found}")
        return gone + _insert(connection, model)


def columns_of(connection: Connection, relation: str) -> list[str]:
    """The names of a table's columns, in order."""
    return [name for name, *_ in connection.execute(f"describe {relation}").fetchall()]


def keep_newest(connection: Connection, model: Model, *, empty: bool) -> int:
    """Let candidates replace rows of the same key that have a smaller tuple."""
    key = ", ".join(f'"{name}"' for name in model.key)
    newest = ", ".join(f'"{name}"' for name in model.newest)
    candidates = temporary("candidates")
    with sql_of(model.path):
        connection.execute(
            f"create or replace temp table {candidates} as select * from (\n{model.sql}\n) "
            f"qualify row_number() over (partition by {key} order by ({newest}) desc) = 1"
        )
        if not empty:
            same = " and ".join(f'kept."{name}" = found."{name}"' for name in model.key)
            older = ", ".join(f'kept."{name}"' for name in model.newest)
            newer = ", ".join(f'found."{name}"' for name in model.newest)
            connection.execute(
                f"delete from {model.relation} as kept using {candidates} as found "
                f"where {same} and ({older}) < ({newer})"
            )
        return _count(
            connection,
            f"insert into {model.relation} select * from {candidates} anti join {model.relation} using ({key})",
        )


def forget_findings(connection: Connection, batch_checks: list[str]) -> int:
    """Delete what checks of batches found about the batch's orders."""
    names = ", ".join(quoted(name) for name in batch_checks)
    return _delete_orders(connection, FINDINGS, f"and check_name in ({names})") if names else 0


def forget_all_findings(connection: Connection, check: str) -> int:
    """Delete everything that a check found."""
    return _count(connection, f"delete from {FINDINGS} where check_name = {quoted(check)}")


def _delete_orders(connection: Connection, relation: str, condition: str = "") -> int:
    return _count(
        connection,
        f"delete from {relation} where {OF_BATCH} {condition}",
    )


def _insert(connection: Connection, model: Model) -> int:
    return _count(connection, f"insert into {model.relation}\n{model.sql}")


def _count(connection: Connection, statement: str) -> int:
    rows = connection.execute(statement).fetchall()
    return int(rows[0][0]) if rows else 0


def compare(connection: Connection, model: Model) -> None:
    """Hold the table's columns against its `.yml`.

    Raises:
        ModelError: They differ.
    """
    made = columns_of(connection, model.relation)
    documented = [column.name for column in model.columns]
    if made == documented:
        return
    yml = model.path.replace(".sql", ".yml")
    undocumented = [name for name in made if name not in documented]
    unmade = [name for name in documented if name not in made]
    faults = [
        f"{model.path} gives {', '.join(undocumented)}, which {yml} does not describe" if undocumented else "",
        f"{yml} describes {', '.join(unmade)}, which {model.path} does not give" if unmade else "",
    ]
    order = f"{model.path} gives {', '.join(made)}; {yml} has them in another order: {', '.join(documented)}"
    raise ModelError("; ".join(fault for fault in faults if fault) or order)
