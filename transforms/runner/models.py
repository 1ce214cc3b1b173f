"""The SQL files as data: what each model makes, reads and promises.

A model is one SELECT. Its head says how the runner keeps it up to date:

    -- grain: one row per basket item of an order's latest version
    -- key: account, order_id, item_id
    -- rebuild: by order | by date | by <name> | newest | changed | touched | temporary | inline | full | view
    -- newest: seen_at, seen_load_id, ...       (only with `rebuild: newest`)
    -- equals: ops.fct_daily_sales by account, business_date, channel       (see transforms.runner.declared)
    -- copies: core.dim_customer by account, customer_id                      (likewise)

A check is one SELECT of the rows that break its claim:

    -- severity: fail | warn
    -- scope: batch | build
    -- harm: what goes wrong for whom

`temporary` is a table for other models; `inline` has no rows of its own, its SELECT stands in the place of its name.
`changed` compares, order by order, what its SELECT gives over the rows that a batch removes with what it gives
over those that it writes; `touched` gives the keys that such orders leave and enter. `stored.<name>` is no file: it
holds the rows of a batch's orders as they stand in `core.<name>`, a table that is kept by order, for what looks at the
batch again, its checks mostly. `view` only chooses or joins what lasting tables hold, with nothing that a reader's
DuckDB does not have: no macros.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL_FOLDERS = ("staging", "increments", "core", "ops", "marts")
TEMPORARY = ("temporary", "inline", "stored", "touched", "changed")  # kinds of tables that last as long as a build
# When a model is evaluated: with seeds alone, once for each full build; over the loads' bookkeeping, whenever
# there are new loads; for each batch of orders; after the last batch.
STATIC, LOADS, BATCH, FINAL = range(4)
FINDINGS = "ops.fct_findings"  # what the warning checks found; the runner fills it
OF_SPARK = ".spark.sql"  # macros with bodies of their own on Spark
RUNNER_VERSION = 1  # raise it when the same SQL files would give other tables


@dataclass(frozen=True)
class Column:
    """A column as documented: its name and what it means."""

    name: str
    description: str


@dataclass(frozen=True)
class Model:
    """One table.

    Attributes:
        schema: `staging`, `increments`, `core`, `stored` or `marts`.
        path: File below the SQL folder, for messages.
        rebuild: `order`, `by`, `newest`, `changed`, `touched`, `stored`, `temporary`, `inline`,
            `full` or `view`.
        by: With `rebuild == "by"`, and of a view over such a table: the name that the key table
            `increments.affected_<by>s` is called after.
        newest: With `rebuild == "newest"`: the columns whose greatest tuple wins.
        equals: What its figures must be those of, see `transforms.runner.declared`.
        copies: What its other columns must say, likewise.
        harm: What goes wrong for whom where its figures are not those.
        comment: What the catalogue says about the table; grain and key included.
        columns: Documented columns in order; empty for undocumented temporary tables.
        reads: Tables that the SELECT names, as `schema.name`.
        sql: The SELECT in terms of the attached databases.
        sql_of_written: With `rebuild` `changed` or `touched`: the same over the rows that a batch wrote.
        phase: When in a build it is evaluated: STATIC, LOADS, BATCH or FINAL.
    """

    name: str
    schema: str
    path: str
    rebuild: str
    by: str | None
    grain: str
    key: tuple[str, ...]
    newest: tuple[str, ...]
    comment: str
    columns: tuple[Column, ...]
    reads: tuple[str, ...]
    sql: str
    sql_of_written: str = ""
    phase: int = 0
    equals: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    harm: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def is_temporary(self) -> bool:
        return self.rebuild in TEMPORARY

    @property
    def relation(self) -> str:
        """The table's name in SQL that the runner writes."""
        return temporary(self.full_name) if self.is_temporary else f'{self.schema}."{self.name}"'


@dataclass(frozen=True)
class Check:
    """One claim; its SELECT gives the rows that break it."""

    name: str
    path: str
    severity: str
    scope: str
    harm: str
    reads: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Seed:
    """A small code table; `create` makes its temporary table."""

    name: str
    create: str


@dataclass(frozen=True)
class Documented:
    """What the catalogue says about a table that the runner makes."""

    comment: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Project:
    """Everything that the SQL folder says, ready to run.

    Attributes:
        models: In an order in which each model follows those that it reads.
        order: The names of models and checks (`checks.<name>`) together, in such an order.
        macros: The statements of each file of macros, by its path.
        fingerprint: Changes when any file that shapes the tables changes.
    """

    models: tuple[Model, ...]
    order: tuple[str, ...]
    checks: tuple[Check, ...]
    seeds: tuple[Seed, ...]
    findings: Documented
    macros: dict[str, str]
    fingerprint: str


def sql_folder() -> Path:
    """The SQL files of this installation: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "sql", package.parent / "sql"):
        if (folder / "macros").is_dir():
            return folder
    raise ModelError(f"No SQL files beside {package}. Install inventorum-warehouse again.")


def fingerprint(sql_dir: Path) -> str:
    """A hash over every file that shapes the tables."""
    digest = hashlib.blake2b(f"runner {RUNNER_VERSION}".encode(), digest_size=16)
    for path in _project_files(sql_dir):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(sql_dir).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def read_macros(sql_dir: Path) -> dict[str, str]:
    """The statements of each file of macros, by its path below the SQL folder."""
    return {
        f"macros/{path.name}": path.read_text("utf-8")
        for path in sorted((sql_dir / "macros").glob("*.sql"))
        if not path.name.endswith(OF_SPARK)
    }


def temporary(full_name: str) -> str:
    """The temporary table that stands for `schema.name`."""
    return f'temp."{full_name}"'


def written(full_name: str) -> str:
    """The temporary table of the rows that a batch wrote into `schema.name`."""
    return temporary(f"written {full_name}")


def removed(full_name: str) -> str:
    """The temporary table of the rows that a batch removed from `schema.name`."""
    return temporary(f"removed {full_name}")


def over_removed(sql_of_written: str) -> str:
    """The same SELECT over the rows that a batch removed."""
    return sql_of_written.replace('temp."written ', 'temp."removed ')


def _project_files(sql_dir: Path) -> Iterator[Path]:
    yield from sorted(sql_dir.glob("columns.yml"))
    for folder in ("macros", *MODEL_FOLDERS, "checks", "seeds"):
        for suffix in ("sql", "yml", "csv"):
            found = sorted((sql_dir / folder).glob(f"*.{suffix}"))
            yield from (path for path in found if not path.name.endswith(OF_SPARK))
