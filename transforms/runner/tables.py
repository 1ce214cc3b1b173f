"""Makes the tables that readers get, with their comments; keeps what the warning checks found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.errors import ModelError
from transforms.runner.loads import BATCH
from transforms.runner.models import FINDINGS, Column, Documented, Model
from transforms.runner.session import quoted, sql_of

if TYPE_CHECKING:
    from transforms.runner.session import Connection

# a batch holds an order id for every account that has it, and joins on one integer are the ones that DuckDB
# skips over the rest of a table with
OF_BATCH = f"order_id in (select order_id from {BATCH})"


def create(connection: Connection, model: Model, *, as_view: bool = False) -> None:
    """Make the model's table from its SELECT, without rows, or a view, with the comments of its `.yml`.

    Raises:
        ModelError: The columns and the `.yml` differ.
    """
    with sql_of(model.path):
        if as_view:
            connection.execute(f"create view {model.relation} as\n{model.sql}")
        else:
            connection.execute(f"create table {model.relation} as\n{model.sql}\nwith no data")
    compare(connection, model)
    comment(connection, f"{'view' if as_view else 'table'} {model.relation}", model.comment, model.columns)


def create_findings(connection: Connection, documented: Documented) -> None:
    """Make the table of what the warning checks found."""
    connection.execute(
        "create table ops.fct_findings (check_name varchar, account varchar, order_id bigint, "
        "detail varchar, amount decimal(18, 2))"
    )
    comment(connection, f"table {FINDINGS}", documented.comment, documented.columns)


def comment(connection: Connection, of: str, text: str, columns: tuple[Column, ...]) -> None:
    """Write the comments of a table or view (`of` names it with its kind) and of its columns."""
    relation = of.partition(" ")[2]
    statements = [f"comment on {of} is {quoted(text)}"]
    statements += [
        f'comment on column {relation}."{column.name}" is {quoted(column.description)}' for column in columns
    ]
    connection.execute(";".join(statements))


def columns_of(connection: Connection, relation: str) -> list[str]:
    """The names of a table's columns, in order."""
    return [name for name, *_ in connection.execute(f"describe {relation}").fetchall()]


def forget_findings(connection: Connection, batch_checks: list[str]) -> int:
    """Delete what checks of batches found about the batch's orders."""
    names = ", ".join(quoted(name) for name in batch_checks)
    if not names:
        return 0
    return count(connection, f"delete from {FINDINGS} where {OF_BATCH} and check_name in ({names})")


def forget_all_findings(connection: Connection, check: str) -> int:
    """Delete everything that a check found."""
    return count(connection, f"delete from {FINDINGS} where check_name = {quoted(check)}")


def count(connection: Connection, statement: str) -> int:
    """Carry out a statement; gives the number of rows that it wrote or removed."""
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
