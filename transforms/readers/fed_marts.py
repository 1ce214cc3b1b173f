"""Which rows of the marts an order feeds, with its share of their figures.

`sql/trace/*.sql` hold the marts' measures per order, under the keys of the marts that their head names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transforms.runner.models import read_macros, sql_folder
from transforms.runner.reader import read_head
from transforms.runner.session import Rules, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

    from transforms.readers.dictionary import Table

MEASURES = ("_amount", "_count", "_quantity")


@dataclass(frozen=True)
class FedRow:
    """One row of a mart that an order feeds.

    Attributes:
        key: Its key, without account and order.
        share: What the order adds, by measure; None where the row is about this order alone.
        row: The row's own figures, by column.
    """

    mart: str
    key: dict[str, Any]
    share: dict[str, Any] | None
    row: dict[str, Any]


@dataclass(frozen=True)
class Fed:
    """All rows of marts that an order feeds.

    Attributes:
        untraced: Marts whose figures are not sums over orders; what one order adds cannot be told.
    """

    rows: list[FedRow]
    untraced: list[str]


def fed_rows(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    account: str,
    order_id: int,
    rules: Rules,
    sql_dir: Path | None = None,
) -> Fed:
    """The rows of the published marts that an order feeds.

    Args:
        tables: The published tables.
        rules: The settings that the warehouse was built with.
    """
    sql_dir = sql_dir or sql_folder()
    prepare(connection, rules, read_macros(sql_dir))
    marts = {table.name: table for table in tables if table.schema == "marts"}
    rows: list[FedRow] = []
    traced = set()
    for statement, names in traces(sql_dir):
        for mart in (marts[name] for name in names if name in marts):
            traced.add(mart.name)
            rows += _shares(connection, statement, mart, account, order_id)
    for mart in marts.values():
        if mart.name not in traced and any(column.name == "order_id" for column in mart.columns):
            traced.add(mart.name)
            rows += _own_rows(connection, mart, account, order_id)
    return Fed(sorted(rows, key=lambda row: row.mart), sorted(set(marts) - traced))


def traces(sql_dir: Path) -> Iterator[tuple[str, list[str]]]:
    """Each statement that splits marts by order, with their names."""
    for path in sorted((sql_dir / "trace").glob("*.sql")):
        text = path.read_text("utf-8")
        yield text, [name.strip() for name in read_head(text).get("marts", "").split(",")]


def share_query(connection: duckdb.DuckDBPyConnection, statement: str, mart: Table) -> tuple[str, list[str], list[str]]:
    """A SELECT of a mart's rows, keys first, then shares, then the mart's own figures; its keys and measures.

    It takes an account and an order id, null for all orders together.
    """
    given = [column[0] for column in connection.execute(f"select * from ({statement}) limit 0").description]
    keys = list(mart.key)
    measures = [column.name for column in mart.columns if column.name in given and column.name.endswith(MEASURES)]
    sums = ", ".join(f'coalesce(sum("{name}"), 0) as "{name}"' for name in measures)
    grouped = ", ".join(f'"{name}"' for name in keys)
    joined = " and ".join(f'mart."{name}" is not distinct from share."{name}"' for name in keys)
    chosen = [f'mart."{name}"' for name in keys]
    chosen += [f'{side}."{name}"' for side in ("share", "mart") for name in measures]
    counts = " or ".join(f'share."{name}" <> 0' for name in measures)
    query = (
        f"with share as (select {grouped}, {sums} from ({statement}) as traced "
        f"where account = coalesce($account, account) and order_id = coalesce($order_id, order_id) group by {grouped}) "
        f'select {", ".join(chosen)} from marts."{mart.name}" as mart inner join share on {joined} '
        f"where {counts} order by {', '.join(chosen[: len(keys)])}"
    )
    return query, keys, measures


def _shares(
    connection: duckdb.DuckDBPyConnection, statement: str, mart: Table, account: str, order_id: int
) -> Iterator[FedRow]:
    query, keys, measures = share_query(connection, statement, mart)
    for row in connection.execute(query, {"account": account, "order_id": order_id}).fetchall():
        values = iter(row)
        key = {name: next(values) for name in keys}
        key.pop("account", None)
        share = {name: next(values) for name in measures}
        yield FedRow(mart.name, key, share, {name: next(values) for name in measures})


def _own_rows(connection: duckdb.DuckDBPyConnection, mart: Table, account: str, order_id: int) -> Iterator[FedRow]:
    names = [column.name for column in mart.columns]
    query = f'select * from marts."{mart.name}" where account = ? and order_id = ? order by all'
    for values in connection.execute(query, [account, order_id]).fetchall():
        row = dict(zip(names, values, strict=True))
        key = {name: row.pop(name) for name in mart.key}
        yield FedRow(mart.name, {name: key[name] for name in key if name not in ("account", "order_id")}, None, row)
