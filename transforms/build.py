"""Builds the warehouse from the landing log: what new loads changed, or everything."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from contextlib import closing, suppress
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

import duckdb

from transforms import ledger
from transforms.errors import ChecksFailed
from transforms.ledger import LoadRow, RunRecord
from transforms.models import fingerprint, sql_folder
from transforms.plan import cached_project
from transforms.publish import is_published
from transforms.session import (
    Files,
    NotAWarehouse,
    Rules,
    attach_landing,
    connect,
    prepare,
    quoted,
    readable_faults,
    remove_database,
)
from transforms.staging import Affected, new_loads, stage_affected, stage_all, vanished_loads
from transforms.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from transforms.claims import CheckResult
    from transforms.session import Connection

__all__ = ["BuildReport", "Files", "Rules", "RunRecord", "build", "record_run"]


@dataclass(frozen=True)
class BuildReport:
    """What a build did.

    Attributes:
        loads: Loads that were built in.
        orders_new: Orders seen for the first time.
        orders_changed: Known orders that came in a new version.
        orders_reread: Orders that came as they were known.
        orders_affected: Orders that were built again.
        tables: Rows that came or went, for each table that was touched.
        seconds: Wall-clock time of each step.
        checks: What each check that ran found.
        changed: The build file holds something that the published file does not.
        full: Everything was built from the landing log.
        reason: Why a full build took place although none was asked for.
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


def build(
    files: Files,
    rules: Rules,
    *,
    full: bool = False,
    run_id: str | None = None,
    on_step: Callable[[str, int, int], None] | None = None,
    sql_dir: Path | None = None,
) -> BuildReport:
    """Bring the build file up to date with the landing file and check it.

    All or nothing: after any fault the build file is as it was. A full build takes place when it is asked
    for, and when the build file cannot be brought up to date otherwise; `reason` says why.

    Raises:
        ChecksFailed: A check of severity `fail` found rows.
        FilesHeld: Another process has one of the files open.
        ModelError: A SQL file is wrong.
        TransformError: Any other foreseen fault of the files.
    """
    began = perf_counter()
    sql_dir = sql_dir or sql_folder()
    run_id = run_id or secrets.token_hex(8)
    print_now = _fingerprint(sql_dir, rules)
    restored = _restore(files)
    reason = None if full else ("there is no build file and no published file yet" if not restored else None)
    if not full and reason is None:
        report = _build_new(files, rules, sql_dir, print_now, run_id, on_step, began)
        if isinstance(report, BuildReport):
            return report
        reason = report
    return _build_all(files, rules, sql_dir, print_now, run_id, on_step, began, reason)


def record_run(files: Files, record: RunRecord) -> None:
    """Add a row to `ops.runs` of the build file.

    It is published with the next publishing.
    """
    _restore(files)
    with closing(connect(files.build, files)) as connection, readable_faults(files.build):
        connection.begin()
        ledger.create_tables(connection)
        ledger.write_run(connection, record)
        connection.commit()


def _build_new(
    files: Files,
    rules: Rules,
    sql_dir: Path,
    print_now: str,
    run_id: str,
    on_step: Callable[[str, int, int], None] | None,
    began: float,
) -> BuildReport | str:
    """Build in the new loads, or say why a full build is needed."""
    with closing(connect(files.build, files)) as connection:
        attach_landing(connection, files)
        if ledger.read_meta(connection).get("fingerprint") != print_now:
            return "the SQL files or the rules changed"
        seen = ledger.seen_loads(connection)
        connection.begin()
        loads = new_loads(connection, seen)
        if vanished_loads(connection, seen):
            return "the landing file no longer holds every load that was built in"
        if not loads:
            return BuildReport(changed=not is_published(files, connection))
        affected = stage_affected(connection)
        if affected.out_of_order:
            return "a load holds readings that are older than known ones of the same orders"
        project = cached_project(sql_dir, files.work)
        prepare(connection, rules, project.macros)
        steps = Steps(connection, project, fresh=False, on_step=on_step)
        setup = perf_counter() - began
        ledger.write_loads(connection, loads, datetime.now(UTC))
        try:
            steps.run(affected, new_loads=True)
        except ChecksFailed:
            connection.rollback()
            ledger.write_checks(connection, run_id, datetime.now(UTC), steps.results)
            raise
        _finish(connection, steps, run_id, {} if affected.orders else None)
        with readable_faults(files.build):
            connection.commit()
            connection.execute("checkpoint")
        changed = affected.orders > 0 or not is_published(files, connection)
    return _report(steps, loads, affected, changed=changed, full=False, reason=None, setup=setup)


def _build_all(
    files: Files,
    rules: Rules,
    sql_dir: Path,
    print_now: str,
    run_id: str,
    on_step: Callable[[str, int, int], None] | None,
    began: float,
    reason: str | None,
) -> BuildReport:
    """Build everything into a new file, which takes the place of the old one at the end."""
    fresh = files.build.with_name(files.build.name + ".new")
    _clear(fresh, files)
    has_previous = files.build.is_file()
    try:
        with closing(connect(fresh, files)) as connection:
            attach_landing(connection, files)
            if has_previous:
                with readable_faults(files.build):
                    connection.execute(f"attach {quoted(str(files.build))} as previous")
            connection.begin()
            ledger.create_tables(connection)
            loads = new_loads(connection, set())
            affected = stage_all(connection)
            project = cached_project(sql_dir, files.work)
            prepare(connection, rules, project.macros)
            steps = Steps(connection, project, fresh=True, on_step=on_step, commit_batches=True)
            ledger.write_loads(connection, loads, datetime.now(UTC))
            setup = perf_counter() - began
            try:
                steps.create_tables()
                steps.run(affected, new_loads=True)
            except ChecksFailed:
                connection.rollback()
                if has_previous:
                    ledger.write_checks(
                        connection, run_id, datetime.now(UTC), steps.results, "previous.ops.checks"
                    )
                raise
            if has_previous:
                ledger.copy_logs(connection, "previous")
            _finish(connection, steps, run_id, {"fingerprint": print_now, "storage": duckdb.__version__})
            with readable_faults(fresh):
                connection.commit()
                if has_previous:
                    connection.execute("detach previous")
                connection.execute("checkpoint")
    except BaseException:
        remove_database(fresh)
        raise
    remove_database(files.build)
    fresh.replace(files.build)
    return _report(steps, loads, affected, changed=True, full=True, reason=reason, setup=setup)


def _finish(connection: Connection, steps: Steps, run_id: str, facts: dict[str, str] | None) -> None:
    """Write the ledger of a build; `facts` is None when no table for readers changed."""
    now = datetime.now(UTC)
    ledger.write_checks(connection, run_id, now, steps.results)
    if facts is not None:
        ledger.write_meta(connection, facts | {"state": secrets.token_hex(16), "built_at": now.isoformat()})


def _report(
    steps: Steps,
    loads: list[LoadRow],
    affected: Affected,
    *,
    changed: bool,
    full: bool,
    reason: str | None,
    setup: float,
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


def _fingerprint(sql_dir: Path, rules: Rules) -> str:
    text = f"{fingerprint(sql_dir)} {astuple(rules)}"
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _restore(files: Files) -> bool:
    """Whether there is a build file that can be read, be it a copy of the published one."""
    if files.build.is_file():
        try:
            with closing(connect(files.build, files)) as connection:
                if ledger.is_warehouse(connection):
                    return True
        except NotAWarehouse:
            pass
        remove_database(files.build)
    if not files.published.is_file():
        return False
    files.build.parent.mkdir(parents=True, exist_ok=True)
    partial = files.build.with_name(files.build.name + ".copy")
    with readable_faults(files.build):
        shutil.copyfile(files.published, partial)
        partial.chmod(0o600)
        partial.replace(files.build)
    try:
        with closing(connect(files.build, files)) as connection:
            return ledger.is_warehouse(connection)
    except NotAWarehouse:
        remove_database(files.build)
        return False


def _clear(path: Path, files: Files) -> None:
    """Remove what a killed build left, unless another process is at it."""
    if path.is_file():
        with suppress(NotAWarehouse):
            connect(path, files).close()
    remove_database(path)
