"""Runs every check against the warehouse as it stands."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from transforms.errors import CheckResult, TransformError
from transforms.runner import ledger
from transforms.runner.check_results import merged
from transforms.runner.loads import keep_loads, new_loads, stage_all
from transforms.runner.models import sql_folder
from transforms.runner.project import cached_project
from transforms.runner.session import Files, Rules, attach_landing, connect, prepare
from transforms.runner.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["CheckResult", "run_checks"]


def run_checks(
    files: Files,
    rules: Rules,
    *,
    on_step: Callable[[str, int, int], None] | None = None,
    sql_dir: Path | None = None,
) -> list[CheckResult]:
    """What every check finds in the whole build file, against the loads that were built in. Changes nothing.

    Raises:
        TransformError: Nothing was built yet, or a file cannot be read.
    """
    if not files.build.is_file():
        raise TransformError(f"{files.build} does not exist: nothing was built yet. Run `inventorum build`.")
    with closing(connect(files.build, files, read_only=True)) as connection:
        attach_landing(connection, files)
        seen = ledger.seen_loads(connection)
        new_loads(connection, set())
        keep_loads(connection, seen)
        affected = stage_all(connection)
        project = cached_project(sql_dir or sql_folder(), files.work)
        prepare(connection, rules, project.macros)
        steps = Steps(connection, project, fresh=False, on_step=on_step)
        steps.check_only(affected)
        return merged(steps.results)
