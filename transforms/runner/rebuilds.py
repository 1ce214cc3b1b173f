"""The kinds of models: each says when in a build a model of its kind is evaluated, and with which statements.

What lasts as long as a build is staged; what readers get is made once, empty, and then replaced as far as new loads
reach.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from transforms.errors import ModelError
from transforms.runner import tables
from transforms.runner.loads import AFFECTED
from transforms.runner.loads import BATCH as BATCH_ORDERS
from transforms.runner.models import BATCH, FINAL, LOADS, STATIC, Model, over_removed, removed, temporary, written
from transforms.runner.session import sql_of
from transforms.runner.tables import OF_BATCH, count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transforms.runner.session import Connection

LARGE = 20_000  # rows
NEW_LOADS = "staging.new_loads"
BY_KEY = re.compile(r"by ([a-z_]+)")


@dataclass(frozen=True)
class Reads:
    """What a model reads, and when it is there.

    Attributes:
        phases: Of each table, when it is made.
        of_batch: Those that hold one batch of orders at a time.
        placed: The models that come before.
    """

    phases: Mapping[str, int]
    of_batch: Sequence[str]
    placed: Mapping[str, Model]

    @property
    def latest(self) -> int:
        """When the last of them is made."""
        return max(self.phases.values(), default=STATIC)


@dataclass
class Work:
    """A build in progress, as far as its models need to know.

    Attributes:
        fresh: The tables were empty when it began.
        compared: Tables whose removed and written rows other models compare.
        rows: Rows that came or went, for each table that was brought up to date so far.
    """

    connection: Connection
    fresh: bool
    compared: frozenset[str]
    rows: dict[str, int] = field(default_factory=dict)
    key_columns: dict[str, list[str]] = field(default_factory=dict)


class Rebuild(ABC):
    """A kind of model.

    Attributes:
        head: What stands behind `-- rebuild:`; for messages.
        compares: Its models look at the rows that a batch removed from tables kept by order, and at those written.
    """

    head: ClassVar[str]
    compares: ClassVar[bool] = False

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build the model is evaluated.

        Raises:
            ModelError: What it reads is not there at that time.
        """
        return _when_whole(model, reads, FINAL if reads.latest == BATCH else reads.latest)

    def needs(self, model: Model) -> frozenset[str]:
        """Tables that must be there before, beside those that it reads."""
        return frozenset()

    @abstractmethod
    def make(self, work: Work, model: Model) -> None:
        """Make the table; of what lasts an empty one, with its comments."""


class Kept(Rebuild):
    """A table that readers get."""

    def make(self, work: Work, model: Model) -> None:
        """Make the table, empty and documented."""
        tables.create(work.connection, model)

    def is_due(self, *, has_orders: bool, is_dirty: bool) -> bool:
        """Whether a table of the last phase must be brought up to date.

        Args:
            has_orders: The new loads affect orders.
            is_dirty: Something changed in what the model reads.
        """
        return is_dirty

    @abstractmethod
    def replace(self, work: Work, model: Model) -> int:
        """Bring the table up to date; gives the number of rows that came or went."""


class Full(Kept):
    """Everything is computed anew; of large tables only what differs is written."""

    head = "full"

    def replace(self, work: Work, model: Model) -> int:
        """Bring the table up to date; gives the number of rows that came or went."""
        # few tables change with a load alone: what reads the others need not be made again
        if not work.fresh and (model.phase == LOADS or self._is_large(work.connection, model)):
            return self._replace_others(work.connection, model)
        return replace_all(work.connection, model, empty=work.fresh)

    def _is_large(self, connection: Connection, model: Model) -> bool:
        """Whether it costs less to compare the rows than to write all of them again."""
        ((rows,),) = connection.execute(f"select count(*) from {model.relation}").fetchall()
        return int(rows) > LARGE

    def _replace_others(self, connection: Connection, model: Model) -> int:
        """Replace the rows that are not as they should be."""
        candidates, wrong = temporary("candidates"), temporary("wrong")
        same = " and ".join(
            f'kept."{column.name}" is not distinct from found."{column.name}"' for column in model.columns
        )
        with sql_of(model.path):
            connection.execute(f"create or replace temp table {candidates} as\n{model.sql}")
            gone = count(
                connection,
                f"create or replace temp table {wrong} as "
                f"select kept.rowid as place from {model.relation} as kept anti join {candidates} as found on {same}",
            )
            if gone:
                connection.execute(f"delete from {model.relation} where rowid in (select place from {wrong})")
            key = " and ".join(f'kept."{name}" is not distinct from found."{name}"' for name in model.key)
            come = count(
                connection,
                f"insert into {model.relation} "
                f"select found.* from {candidates} as found anti join {model.relation} as kept on {key}",
            )
        return gone + come


class ByOrder(Kept):
    """The rows of a batch's orders are replaced."""

    head = "by order"

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build the model is evaluated."""
        return _with_the_batch(model, reads)

    def replace(self, work: Work, model: Model) -> int:
        """Replace the rows of the batch's orders, and keep those that go and come apart for those who compare them."""
        connection = work.connection
        with sql_of(model.path):
            if work.fresh:
                return _insert(connection, model)
            delete = f"delete from {model.relation} where {OF_BATCH}"
            if model.full_name not in work.compared:
                return count(connection, delete) + _insert(connection, model)
            gone, come = removed(model.full_name), written(model.full_name)
            connection.execute(f"create or replace temp table {gone} as from {model.relation} where {OF_BATCH}")
            connection.execute(f"create or replace temp table {come} as\n{model.sql}")
            return count(connection, delete) + count(connection, f"insert into {model.relation} from {come}")


class Newest(Kept):
    """Candidates of a batch replace rows of the same key that have a smaller tuple."""

    head = "newest"

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build the model is evaluated."""
        return _with_the_batch(model, reads)

    def replace(self, work: Work, model: Model) -> int:
        """Bring the table up to date; gives the number of rows that came or went."""
        connection, candidates = work.connection, temporary("candidates")
        key = ", ".join(f'"{name}"' for name in model.key)
        newest = ", ".join(f'"{name}"' for name in model.newest)
        with sql_of(model.path):
            connection.execute(
                f"create or replace temp table {candidates} as select * from (\n{model.sql}\n) "
                f"qualify row_number() over (partition by {key} order by ({newest}) desc) = 1"
            )
            if not work.fresh or model.full_name in work.rows:
                same = " and ".join(f'kept."{name}" = found."{name}"' for name in model.key)
                older = ", ".join(f'kept."{name}"' for name in model.newest)
                newer = ", ".join(f'found."{name}"' for name in model.newest)
                connection.execute(
                    f"delete from {model.relation} as kept using {candidates} as found "
                    f"where {same} and ({older}) < ({newer})"
                )
            return count(
                connection,
                f"insert into {model.relation} select * from {candidates} anti join {model.relation} using ({key})",
            )


class ByKey(Kept):
    """The rows whose values are in a table of keys are replaced: by date, by product and day, by load."""

    head = "by <name>"

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build the model is evaluated."""
        keys = key_table(model)
        if keys == NEW_LOADS:
            return super().phase(model, reads)
        if keys not in reads.placed or reads.placed[keys].rebuild != "touched":
            raise ModelError(
                f"{model.path} is rebuilt by {model.by}, but no file makes {keys} with `rebuild: touched`."
            )
        return _when_whole(model, reads, FINAL)

    def needs(self, model: Model) -> frozenset[str]:
        """Tables that must be there before, beside those that it reads."""
        return frozenset({key_table(model)})

    def is_due(self, *, has_orders: bool, is_dirty: bool) -> bool:
        """Whether new loads affect orders."""
        return has_orders

    def replace(self, work: Work, model: Model) -> int:
        """Bring the table up to date; gives the number of rows that came or went."""
        with sql_of(model.path):
            gone = 0
            if not work.fresh:
                found = is_among(self._key_columns(work, model), temporary(key_table(model)))
                gone = count(work.connection, f"delete from {model.relation} where {found}")
            return gone + _insert(work.connection, model)

    def _key_columns(self, work: Work, model: Model) -> list[str]:
        keys = key_table(model)
        if keys == NEW_LOADS:
            return ["load_id"]
        if keys not in work.key_columns:
            work.key_columns[keys] = tables.columns_of(work.connection, temporary(keys))
        return work.key_columns[keys]


class View(Rebuild):
    """A SELECT that only chooses or joins what other tables hold: readers get it, and it has no rows of its own."""

    head = "view"

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build what it shows is complete."""
        unknown = [name for name in model.reads if name not in reads.placed or reads.placed[name].is_temporary]
        if unknown:
            raise ModelError(f"{model.path} is a view, but reads {', '.join(unknown)}, which no reader has.")
        return super().phase(model, reads)

    def make(self, work: Work, model: Model) -> None:
        """Make the view, documented."""
        tables.create(work.connection, model, as_view=True)


class Temporary(Rebuild):
    """A table for other models: of one batch if it reads what holds one, else of the whole build."""

    head = "temporary"

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build the model is evaluated."""
        return BATCH if reads.of_batch and reads.latest == BATCH else super().phase(model, reads)

    def make(self, work: Work, model: Model) -> None:
        """Make the table anew."""
        self.stage(work, model, model.sql)

    def stage(self, work: Work, model: Model, sql: str) -> int:
        """Make the table of the rows of a statement."""
        with sql_of(model.path):
            return count(work.connection, f"create or replace temp table {model.relation} as\n{sql}")


class Inline(Temporary):
    """What other models have in common: its SELECT stands in the place of its name."""

    head = "inline"

    def make(self, work: Work, model: Model) -> None:
        """Make the view."""
        with sql_of(model.path):
            work.connection.execute(f"create or replace temp view {model.relation} as\n{model.sql}")


class Stored(Temporary):
    """What a table that is kept by order holds of the batch's orders."""

    head = ""  # derived, never declared

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build the model is evaluated."""
        return _with_the_batch(model, reads)

    def make(self, work: Work, model: Model) -> None:
        """Make the table anew.

        Where the table is being filled for the first time, batch by batch, the batch's rows are those with its range
        of ids, which need not be copied to be found again.
        """
        with sql_of(model.path):
            if not work.fresh:
                self.stage(work, model, f"from (\n{model.sql}\n) where {OF_BATCH}")
                return
            ((first, last),) = work.connection.execute(
                f"select min(order_id), max(order_id) from {BATCH_ORDERS}"
            ).fetchall()
            of_range = "false" if first is None else f"order_id between {first} and {last}"
            work.connection.execute(
                f"create or replace temp view {model.relation} as from (\n{model.sql}\n) where {of_range}"
            )


class Touched(Temporary):
    """The keys that changed orders leave and enter, gathered from batch to batch."""

    head = "touched"
    compares = True

    def phase(self, model: Model, reads: Reads) -> int:
        """When in a build the model is evaluated."""
        return _when_whole(model, reads, FINAL)

    def of_batch(self, model: Model) -> Sequence[str]:
        """The statements whose rows are added after a batch."""
        return over_removed(model.sql_of_written), model.sql_of_written

    def add(self, work: Work, model: Model, sql: str, *, is_first: bool) -> None:
        """Add the rows of a statement that the table does not hold yet."""
        if is_first:
            self.stage(work, model, sql)
            return
        with sql_of(model.path):
            work.connection.execute(
                f"insert into {model.relation}\nselect * from (\n{sql}\n) except select * from {model.relation}"
            )


class Changed(Touched):
    """The orders for which the model's rows are not the same before and after a batch."""

    head = "changed"

    def make(self, work: Work, model: Model) -> None:
        """Make the table anew: where no rows are compared, every affected order counts as changed."""
        self.stage(work, model, f"select account, order_id from {AFFECTED}")

    def of_batch(self, model: Model) -> Sequence[str]:
        """The statement whose rows are added after a batch."""
        before, after = over_removed(model.sql_of_written), model.sql_of_written
        key = ", ".join(f'"{name}"' for name in model.key)
        difference = f"""
    select distinct {key} from (
        select * exclude (side) from (
            select *, 1 as side from (\n{after}\n)
            union all
            select *, -1 as side from (\n{before}\n)
        )
        group by all having sum(side) <> 0
    )"""
        return (difference,)


KINDS: Mapping[str, Rebuild] = {
    "order": ByOrder(),
    "by": ByKey(),
    "newest": Newest(),
    "touched": Touched(),
    "changed": Changed(),
    "temporary": Temporary(),
    "inline": Inline(),
    "full": Full(),
    "view": View(),
    "stored": Stored(),
}


def kind_of(model: Model) -> Rebuild:
    """How the model is kept."""
    return KINDS[model.rebuild]


def read_rebuild(text: str) -> tuple[str, str | None]:
    """The kind that a head names, and what it is rebuilt by if it says so.

    Raises:
        LookupError: It names none; with those that there are.
    """
    by_head = {kind.head: name for name, kind in KINDS.items() if kind.head}
    if text in by_head:
        return by_head[text], None
    if found := BY_KEY.fullmatch(text):
        return "by", found.group(1)
    raise LookupError(", ".join(by_head))


def key_table(model: Model) -> str:
    """The table whose rows say which part of a model is rebuilt that is rebuilt by something."""
    return NEW_LOADS if model.by == "load" else f"increments.affected_{model.by}s"


def is_among(columns: Sequence[str], keys: str) -> str:
    """The condition that a row's values in these columns stand in a table of keys."""
    # by one column first, so that DuckDB skips most of the table
    first = f"{columns[0]} in (select changed.{columns[0]} from {keys} as changed)"
    if len(columns) == 1:
        return first
    together = ", ".join(f"changed.{name}" for name in columns)
    return f"{first} and ({', '.join(columns)}) in (select ({together}) from {keys} as changed)"


def _with_the_batch(model: Model, reads: Reads) -> int:
    if reads.latest > BATCH:
        late = sorted(read for read, phase in reads.phases.items() if phase > BATCH)
        raise ModelError(f"{model.path} is rebuilt per order but reads {', '.join(late)}, which comes later.")
    return BATCH


def _when_whole(model: Model, reads: Reads, phase: int) -> int:
    if reads.of_batch and phase == FINAL:
        raise ModelError(f"{model.path} reads {', '.join(reads.of_batch)}, which holds one batch of orders at a time.")
    return phase


def replace_all(connection: Connection, model: Model, *, empty: bool) -> int:
    """Replace all rows; `empty` says that there are none."""
    with sql_of(model.path):
        if not empty:
            connection.execute(f"truncate {model.relation}")
        return _insert(connection, model)


def _insert(connection: Connection, model: Model) -> int:
    return count(connection, f"insert into {model.relation}\n{model.sql}")
