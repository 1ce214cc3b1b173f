"""Builds the warehouse from the landing log: what new loads changed, or everything."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import closing, suppress
from dataclasses import asdict, astuple, dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

import duckdb

from transforms.errors import ChecksFailed
from transforms.runner import ledger
from transforms.runner.broken import (
    ACCEPTED,
    MENDED,
    NOT_PUBLISHED,
    claims_named,
    read_accepted,
    write_accepted,
    write_evidence,
)
from transforms.runner.database_file import draft_of, put_in_place, remove_database
from transforms.runner.ledger import RunRecord
from transforms.runner.loads import (
    Affected,
    has_corrected_clocks,
    has_turned,
    new_loads,
    stage_affected,
    stage_all,
    told_tables,
    vanished_loads,
)
from transforms.runner.models import RUNNER_VERSION, fingerprint, sql_folder
from transforms.runner.project import cached_project
from transforms.runner.publish import is_published
from transforms.runner.restore import clear, open_build
from transforms.runner.session import (
    Files,
    Rules,
    attach,
    attach_landing,
    connect,
    prepare,
    readable_faults,
)
from transforms.runner.steps import FROM_LOADS, Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from transforms.errors import CheckResult, Evidence
    from transforms.runner.ledger import LoadRow
    from transforms.runner.session import Connection

__all__ = ["BuildReport", "Files", "Rules", "RunRecord", "build", "drop_samples", "record_run"]

SQL_CHANGED = "the SQL files changed"
PROGRAM_CHANGED = "another version of this program built the tables"
REBOOKED = """
with known as (
    select max(observed_until_at) as until from previous.core.fct_bookings
),

months as (
    select account, date_trunc('month', booking_date) as month, tax_rate, 1 as side,
        gross_amount + shipping_gross_amount as gross, vat_amount + shipping_vat_amount as vat
    from core.fct_bookings where observed_until_at <= (select until from known)
    union all
    select account, date_trunc('month', booking_date), tax_rate, -1,
        gross_amount + shipping_gross_amount, vat_amount + shipping_vat_amount
    from previous.core.fct_bookings
),

sums as (
    select month, sum(side * gross) as gross, sum(side * vat) as vat from months group by account, month, tax_rate
)

select distinct strftime(month, '%Y-%m') as name from sums where month is not null and (gross <> 0 or vat <> 0)
order by name
"""
RUNNER = "runner"  # a fact of ops.meta: the version that built the tables


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes:
        loads: Loads that were built in.
        orders_new: Orders seen for the first time.
        orders_changed: Known orders that came in a new version.
        orders_reread: Orders that came as they were known.
        orders_affected: Orders that were built again.
        tables: Rows that came or went, for each table that was brought up to date.
        seconds: Wall-clock time of each step.
        checks: What each check that ran found.
        changed: The build file holds something that the published file does not.
        full: Everything was built from the landing log.
        reason: Why a full build took place although none was asked for.
        mended: Claims that broke in an incremental build, which was rolled back; all hold in this full one.
        accepted: Claims that are broken in this build, as a user accepted.
        lapsed: Claims that were accepted as broken and hold again.
        rebooked: Months, like 2026-10, whose books are not those of the build before: a setting or the SQL changed.
    """

    loads: tuple[str, ...] = ()
    orders_new: int = 0
    orders_changed: int = 0
    orders_reread: int = 0
    orders_affected: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    changed: bool = False
    full: bool = False
    reason: str | None = None
    mended: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()
    rebooked: tuple[str, ...] = ()


@dataclass(frozen=True)
class _FullBuild:
    """That everything has to be built.

    Attributes:
        reason: Why; null: it was asked for.
        broken: Claims that broke in the incremental build before.
    """

    reason: str | None
    broken: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class _Task:
    """What a build was asked to do."""

    files: Files
    rules: Rules
    sql_dir: Path
    run_id: str
    on_step: Callable[[str, int, int], None] | None
    began: float
    accept: frozenset[str] = frozenset()

    def fingerprint(self, sql: str) -> str:
        """What the tables depend on beside the loads: the SQL files, by their fingerprint, and the rules."""
        return hashlib.blake2b(f"{sql} {astuple(self.rules)}".encode(), digest_size=16).hexdigest()


def build(
    files: Files,
    rules: Rules,
    *,
    full: bool = False,
    accept: Collection[str] = (),
    run_id: str | None = None,
    on_step: Callable[[str, int, int], None] | None = None,
    sql_dir: Path | None = None,
) -> BuildReport:
    """Bring the build file up to date with the landing file and check it.

    All or nothing: after any fault the build file is as it was. A full build takes place when it is asked
    for, and when the build file cannot be brought up to date otherwise; `reason` says why. A claim that breaks
    in an incremental build is such a case: only if it breaks in the full build, too, the build fails. What broke
    is kept in `ops.broken_claims`.

    Args:
        accept: Claims that may be broken: they are noted, and stay accepted in later builds until they hold.
            While one is, each build with news is a full one, since only that shows whether it holds again.
        run_id: Names the run in `ops.checks`; default: a random one.
        on_step: Told the name of each step before it begins, its number and the number of steps.
        sql_dir: The SQL files; default: those of the installation.

    Raises:
        ChecksFailed: A check of severity `fail` found rows in a full build, and nobody accepted that.
        UnknownClaim: `accept` names none.
        FilesHeld: Another process has one of the files open.
        ModelError: A SQL file is wrong.
        TransformError: Any other foreseen fault of the files.
    """
    task = _Task(files, rules, sql_dir or sql_folder(), run_id or secrets.token_hex(8), on_step, perf_counter())
    with readable_faults(files.build):
        clear(_draft(files), files)  # of a full build that was killed
        if accept:
            files.work.mkdir(mode=0o700, parents=True, exist_ok=True)
            task = replace(task, accept=claims_named(accept, cached_project(task.sql_dir, files.work).checks))
            full = True
        connection = open_build(files)
        if connection is None:
            found = _FullBuild(None if full else "there is no build file and no published file yet")
            return _build_all(task, found, has_previous=False)
        with closing(connection):
            built = _FullBuild(None) if full else _build_new(connection, task)
        return _build_all(task, built, has_previous=True) if isinstance(built, _FullBuild) else built


def record_run(files: Files, record: RunRecord) -> None:
    """Add a row to `ops.runs` of the build file; readers see it after the next publishing.

    Raises:
        FilesHeld: Another process has the build file open.
    """
    with closing(open_build(files) or connect(files.build, files)) as connection, readable_faults(files.build):
        connection.begin()
        ledger.create_tables(connection)
        ledger.write_run(connection, record)
        connection.commit()


def drop_samples(files: Files) -> None:
    """Take the rows that logs show as examples out of what the next build goes on from; a full one writes all anew.

    Raises:
        FilesHeld: Another process has the build file open.
    """
    connection = open_build(files)
    if connection is not None:
        with closing(connection), readable_faults(files.build):
            ledger.drop_samples(connection)


def _build_new(connection: Connection, task: _Task) -> BuildReport | _FullBuild:
    """Build in the new loads, or say why a full build is needed."""
    attach_landing(connection, task.files)
    facts = ledger.read_meta(connection)
    if ledger.DISTRUST in facts:
        return _FullBuild(facts[ledger.DISTRUST])
    known = facts.get("fingerprint")
    if known != task.fingerprint(fingerprint(task.sql_dir)):
        return _FullBuild(_what_changed(facts, task.rules) if known else "no build was finished yet")
    seen = ledger.seen_loads(connection)
    connection.begin()
    loads = new_loads(connection, seen)
    if vanished_loads(connection, seen):
        return _FullBuild("the landing file no longer holds every load that was built in")
    if not loads:
        return BuildReport(changed=not is_published(task.files, connection))
    if has_corrected_clocks(connection):
        return _FullBuild("the server's clock was ahead in earlier crawls, and their times were corrected")
    affected = stage_affected(connection)
    if affected.out_of_order:
        return _FullBuild("a load holds readings that are older than known ones of the same orders")
    told = told_tables(connection)
    # that a channel was read once more belongs into the log, but readers have nothing to gain from it
    is_news = bool(affected.orders or told) or has_turned(connection)
    accepted = read_accepted(connection)
    if accepted and is_news:
        return _FullBuild(f"only that shows whether {_listed(accepted)}, accepted as broken, holds again")
    steps = _steps(connection, task, fresh=False, accepted=accepted)
    if known != task.fingerprint(steps.project.fingerprint):
        return _FullBuild(SQL_CHANGED)  # just now
    ledger.write_loads(connection, loads, datetime.now(UTC))
    setup = perf_counter() - task.began
    try:
        steps.run(affected, FROM_LOADS | told)
    except ChecksFailed:
        connection.rollback()
        broken = tuple(steps.evidence)
        names = _listed(dict.fromkeys(one.check_name for one in broken))
        return _FullBuild(f"{names} did not hold when only what is new was built in", broken)
    if is_news:
        _write_ledger(connection, steps, task)
    connection.commit()
    if not is_news:
        return _report(steps, loads, affected, setup=setup, changed=not is_published(task.files, connection))
    with suppress(duckdb.Error):  # what was committed stands in the log beside the file, and publishing tries again
        connection.execute("checkpoint")
    return _report(steps, loads, affected, setup=setup)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _what_changed(facts: Mapping[str, str], rules: Rules) -> str:
    """Why the tables are not those that this program would build, by what the file says of its last build."""
    now = {name: str(value) for name, value in asdict(rules).items()}
    changed = [
        f"{name} is now {value}, not {facts[name]}"
        for name, value in now.items()
        if facts.get(name) != value and name in facts
    ]
    if changed:
        return f"settings changed: {', '.join(changed)}"
    return SQL_CHANGED if facts.get(RUNNER) == str(RUNNER_VERSION) else PROGRAM_CHANGED


def _draft(files: Files) -> Path:
    return draft_of(files.build, ".new")


def _build_all(task: _Task, asked: _FullBuild, *, has_previous: bool) -> BuildReport:
    """Build everything into a new file, which takes the place of the old one at the end."""
    fresh = _draft(task.files)
    try:
        with closing(connect(fresh, task.files)) as connection:
            attach_landing(connection, task.files)
            if has_previous:
                attach(connection, task.files.build, "previous")
            report = _fill(connection, task, asked, has_previous=has_previous)
    except ChecksFailed as failure:
        remove_database(fresh)
        _keep_evidence(task, (*asked.broken, *failure.evidence))
        raise
    except BaseException:
        remove_database(fresh)
        raise
    with readable_faults(task.files.build):
        put_in_place(fresh, task.files.build)
    return report


def _fill(connection: Connection, task: _Task, asked: _FullBuild, *, has_previous: bool) -> BuildReport:
    """Fill the new file; it is whole on disk when this returns."""
    connection.begin()
    ledger.create_tables(connection)
    accepted = {}
    if has_previous:
        accepted = read_accepted(connection, "previous")
        ledger.copy_logs(connection, "previous")
    ledger.copy_erasures(connection)
    loads = new_loads(connection, set())
    affected = stage_all(connection)
    steps = _steps(connection, task, fresh=True, accepted={*accepted, *task.accept})
    ledger.write_loads(connection, loads, datetime.now(UTC))
    setup = perf_counter() - task.began
    try:
        steps.create_tables()
        # DuckDB 2.0 shows no rows in a table that was made from an empty SELECT in the same transaction,
        # once more than one row group is inserted
        connection.commit()
        connection.begin()
        steps.run(affected, FROM_LOADS)
    except ChecksFailed as failure:
        failure.evidence = tuple(steps.evidence)
        connection.rollback()
        if has_previous:
            ledger.write_checks(connection, task.run_id, datetime.now(UTC), steps.results, "previous.ops.checks")
        raise
    _write_ledger(connection, steps, task)
    broken = [result for result in steps.results if result.is_failure]
    now = datetime.now(UTC)
    write_accepted(connection, accepted, broken, task.run_id, now)
    for one in asked.broken:
        outcome = ACCEPTED if one.check_name in task.accept or one.check_name in accepted else MENDED
        write_evidence(connection, task.run_id, now, [one], outcome)
    write_evidence(connection, task.run_id, now, steps.evidence, ACCEPTED)
    connection.commit()
    rebooked: tuple[str, ...] = ()
    if has_previous:
        rebooked = _rebooked(connection)
        connection.execute("detach previous")
    connection.execute("checkpoint")
    names = tuple(result.name for result in broken)
    return replace(
        _report(steps, loads, affected, setup=setup, full=True, reason=asked.reason),
        mended=tuple(sorted({one.check_name for one in asked.broken} - set(names))),
        accepted=names,
        lapsed=tuple(sorted({*accepted, *task.accept} - set(names))),
        rebooked=rebooked,
    )


def _rebooked(connection: Connection) -> tuple[str, ...]:
    """Months whose books now say other than in the build before, what came since aside."""
    books = connection.execute(
        "select database_name from duckdb_tables() where schema_name = 'core' and table_name = 'fct_bookings'"
    ).fetchall()
    if len(books) < 2:  # a build of an earlier release, or SQL of somebody's own
        return ()
    return tuple(month for (month,) in connection.execute(REBOOKED).fetchall())


def _keep_evidence(task: _Task, found: tuple[Evidence, ...]) -> None:
    """Note claims that broke for good; the build file is otherwise as it was."""
    files = task.files
    with closing(open_build(files) or connect(files.build, files)) as connection, readable_faults(files.build):
        connection.begin()
        ledger.create_tables(connection)
        write_evidence(connection, task.run_id, datetime.now(UTC), found, NOT_PUBLISHED)
        connection.commit()


def _steps(connection: Connection, task: _Task, *, fresh: bool, accepted: Iterable[str]) -> Steps:
    project = cached_project(task.sql_dir, task.files.work)
    prepare(connection, task.rules, project.macros)
    return Steps(
        connection,
        project,
        fresh=fresh,
        on_step=task.on_step,
        commit_batches=fresh,
        accepted=frozenset(accepted),
    )


def _write_ledger(connection: Connection, steps: Steps, task: _Task) -> None:
    now = datetime.now(UTC)
    # a check that found nothing is worth a row where everything was checked, not after each small change
    found = [result for result in steps.results if result.failing_rows or steps.fresh]
    ledger.write_checks(connection, task.run_id, now, found)
    facts = {name: str(value) for name, value in asdict(task.rules).items()}
    facts |= {"fingerprint": task.fingerprint(steps.project.fingerprint)}
    facts |= {"duckdb_version": duckdb.__version__, RUNNER: str(RUNNER_VERSION)}
    ledger.write_meta(connection, facts | {"state": secrets.token_hex(16), "built_at": now.isoformat()})


def _report(
    steps: Steps,
    loads: list[LoadRow],
    affected: Affected,
    *,
    setup: float,
    changed: bool = True,
    full: bool = False,
    reason: str | None = None,
) -> BuildReport:
    return BuildReport(
        loads=tuple(load.load_id for load in loads),
        orders_new=affected.new,
        orders_changed=affected.changed,
        orders_reread=affected.reread,
        orders_affected=affected.orders,
        tables=steps.rows,
        seconds={"setup": setup, **steps.seconds},
        checks=tuple(steps.results),
        changed=changed,
        full=full,
        reason=reason,
    )
