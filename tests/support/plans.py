"""How DuckDB has carried out the statements of a build: its joins, with the rows that went in and came out.

Each connection that is opened meanwhile profiles itself, so that what is looked at is what ran, in the transaction in
which it ran, with true numbers of rows; an EXPLAIN beforehand would show guesses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest

from transforms.runner.session import AS_WRITTEN

LARGE = 500  # rows; of accounts, channels, days, hours and rates there are fewer
MANY_TIMES = 10  # a join by a whole key gives about as many rows as its larger side
JOINS = re.compile(r"JOIN|PRODUCT")
EQUALITY = re.compile(r"^(.+?) (?:=|IS NOT DISTINCT FROM) (.+)$")


@dataclass(frozen=True)
class Join:
    """One join as it was carried out.

    Attributes:
        step: The step of the build that made it.
        conditions: As DuckDB names them; where a name got lost on the way it is `#` and a number.
        inputs: Rows of either side.
        output: Rows that came out.
    """

    step: str
    kind: str
    conditions: tuple[str, ...]
    inputs: tuple[int, ...]
    output: int

    @property
    def is_of_large(self) -> bool:
        return len(self.inputs) == 2 and min(self.inputs) >= LARGE

    @property
    def lacks_a_key(self) -> bool:
        """Nothing but the account, which all rows share, says which row fits which."""
        equal = [found.groups() for condition in self.conditions if (found := EQUALITY.match(condition))]
        return all(side == "account" for sides in equal for side in sides)

    @property
    def multiplies(self) -> bool:
        return self.output > MANY_TIMES * max(self.inputs)


@dataclass
class Plans:
    """What the statements did since somebody began to look.

    Attributes:
        step: What is being carried out; give `begin` to a build as its `on_step`.
        reorders: Let DuckDB choose the order of joins, against the settings of the connection.
    """

    step: str = ""
    reorders: bool = False
    joins: list[Join] = field(default_factory=list)
    statements: int = 0

    def begin(self, step: str, _number: int = 0, _steps: int = 0) -> None:
        self.step = step

    def note(self, step: str, profile: str) -> None:
        """Take in the profile of a statement."""
        self.statements += 1
        for root in json.loads(profile).get("operator", []):
            self.joins += _joins(root, step)

    def faults(self) -> list[Join]:
        """Joins of two large tables that know no key, or act as if they knew none."""
        return [join for join in self.joins if join.is_of_large and (join.lacks_a_key or join.multiplies)]


class Profiled:
    """A connection that notes what each of its statements did."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, plans: Plans) -> None:
        connection.execute("set enable_profiling = 'no_output'")
        self._connection = connection
        self._plans = plans
        self._running: str | None = None

    def execute(self, statement: str, *values: Any) -> Profiled:
        self._note()
        if statement == AS_WRITTEN and self._plans.reorders:
            return self
        self._connection.execute(statement, *values)
        # of a statement whose rows are fetched, the profile is whole when the next one begins
        self._running = self._plans.step
        return self

    def close(self) -> None:
        self._note()
        self._connection.close()

    def _note(self) -> None:
        if self._running is not None:
            self._plans.note(self._running, self._connection.get_profiling_information(format="json"))
        self._running = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@contextmanager
def watched(*, reorders: bool = False) -> Iterator[Plans]:
    """Look at all statements of connections that are opened meanwhile."""
    plans, connect = Plans(reorders=reorders), duckdb.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", lambda *path, **more: Profiled(connect(*path, **more), plans))
        yield plans


def _joins(node: dict[str, Any], step: str) -> Iterator[Join]:
    children = node.get("children", [])
    if JOINS.search(node["type"]):
        info = node["extra_info"]
        conditions = info.get("Conditions", [])
        yield Join(
            step,
            f"{info.get('Join Type', '')} {node['type']}".strip(),
            tuple([conditions] if isinstance(conditions, str) else conditions),
            tuple(child["intermediate_rows"] for child in children),
            node["intermediate_rows"],
        )
    for child in children:
        yield from _joins(child, step)
