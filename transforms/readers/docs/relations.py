"""Which tables of `core` refer to which, derived from their keys.

A table is the home of a column when that column, beside the account, is its whole key: `dim_product` of
`product_id`, `fct_orders` of `order_id`. Every other table with that column refers to it; so does one with
`billing_address_id`, which ends in the name of the key. Of several homes the one named after the column counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.readers.dictionary import Table

SHARED = "account"  # part of every key; refers to nothing by itself


@dataclass(frozen=True)
class Relation:
    """A column that refers to another table.

    Attributes:
        table: The referring table, without its schema.
        column: Its column.
        home: The table that it refers to.
        key: Key column there.
        optional: Whether the column may be null.
        is_single: Whether at most one row refers to each row of `home`.
    """

    table: str
    column: str
    home: str
    key: str
    optional: bool
    is_single: bool


def relations(tables: Sequence[Table]) -> list[Relation]:
    """The relations among the tables given, in their order."""
    homes = _homes(tables)
    found = []
    for table in tables:
        for column in table.columns:
            home = _home_of(column.name, homes)
            if home is None or home[0] == table.name:
                continue
            name, key = home
            if table.name.startswith("dim_") and not name.startswith("dim_"):
                continue  # bookkeeping of the newest order that named it
            found.append(
                Relation(
                    table=table.name,
                    column=column.name,
                    home=name,
                    key=key,
                    optional="null:" in column.description.lower(),
                    is_single=set(table.key) - {SHARED} == {column.name},
                )
            )
    return found


def _homes(tables: Sequence[Table]) -> dict[str, str]:
    candidates: dict[str, list[str]] = {}
    for table in tables:
        key = [column for column in table.key if column != SHARED]
        if len(key) == 1:
            candidates.setdefault(key[0], []).append(table.name)
    return {column: _named_after(column, names) for column, names in candidates.items()}


def _named_after(column: str, names: list[str]) -> str:
    entity = column.removesuffix("_id")

    def distance(name: str) -> tuple[bool, int, str]:
        own = name.split("_", 1)[-1]
        return own not in (entity, f"{entity}s"), len(name), name

    return min(names, key=distance)


def _home_of(column: str, homes: dict[str, str]) -> tuple[str, str] | None:
    if column in homes:
        return homes[column], column
    for key, home in homes.items():
        if key.endswith("_id") and column.endswith(f"_{key}"):
            return home, key
    return None
