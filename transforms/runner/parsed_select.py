"""Finds the tables of any SELECT with sqlglot, and says what is wrong with a statement that is none.

sqlglot needs half a second for the files of `sql/`, so `transforms.runner.plain_select` reads the plain ones.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from transforms.errors import ModelError
from transforms.runner.plain_select import LAYERS, Named


def parsed_tables(text: str, shown: str) -> list[Named]:
    """The tables that a SELECT names with their schemas.

    Raises:
        ModelError: It is not one SELECT, or it names a table without its schema.
    """
    statement = _parse(text, shown)
    common = {cte.alias for cte in statement.find_all(exp.CTE)}
    found = []
    for table in statement.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a table function
        if not table.db:
            if table.name not in common:
                raise ModelError(f"{shown} names the table `{table.name}` without its schema.")
            continue
        if table.catalog or table.db not in LAYERS:
            raise ModelError(f"{shown} reads `{table.sql('duckdb')}`; the layers are {', '.join(sorted(LAYERS))}.")
        start, end = table.args["db"].meta["start"], table.this.meta["end"] + 1
        found.append(Named(table.db, table.name, bool(table.alias), start, end))
    return found


def _parse(text: str, shown: str) -> exp.Query:
    try:
        statements = [found for found in sqlglot.parse(text, dialect="duckdb") if found is not None]
    except SqlglotError as fault:
        raise ModelError(f"{shown} cannot be parsed: {fault}") from fault
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise ModelError(f"{shown} must hold one SELECT and nothing else.")
    return statements[0]
