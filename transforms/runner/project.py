"""The SQL folder as a project: read, ordered, compiled, and kept on disk.

Reading every SQL and `.yml` file costs as much as the rest of a run with nothing new, so the compiled project is
kept in `work/` under the fingerprint of the files; a project that does not fit is compiled anew.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

import duckdb
import msgspec

from transforms.runner.models import Project, fingerprint, read_macros

if TYPE_CHECKING:
    from pathlib import Path


def load_project(sql_dir: Path) -> Project:
    """Read, order and compile the SQL folder.

    Raises:
        ModelError: A file breaks a rule of its kind; the message names it.
    """
    return _compiled(sql_dir, fingerprint(sql_dir))


@lru_cache(maxsize=4)  # a process may build more than once: a demo, a server, the tests
def _compiled(sql_dir: Path, files: str) -> Project:
    from transforms.runner import order, reader  # a compiled project needs neither yaml nor these

    found, checks, seeds = reader.read_folder(sql_dir)
    models, names = order.in_order(found, checks, seeds)
    return Project(
        models=models,
        order=names,
        checks=tuple(checks),
        seeds=tuple(seeds),
        findings=reader.read_findings(sql_dir),
        macros=read_macros(sql_dir),
        fingerprint=files,
    )


def cached_project(sql_dir: Path, work: Path) -> Project:
    """The compiled project, from `work/` when its files did not change since."""
    key = f"{fingerprint(sql_dir)} {duckdb.__version__}"
    path = work / "plan.json"
    try:
        found_key, project = msgspec.json.decode(path.read_bytes(), type=tuple[str, Project])
    except (OSError, msgspec.MsgspecError):
        pass
    else:
        if found_key == key:
            return project
    project = load_project(sql_dir)
    temporary_path = work / f"plan.{os.getpid()}.tmp"
    try:
        temporary_path.write_bytes(msgspec.json.encode((key, project)))
        temporary_path.replace(path)
    except OSError:
        temporary_path.unlink(missing_ok=True)  # it only saves time
    return project
