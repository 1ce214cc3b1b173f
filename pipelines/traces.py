"""What else lies in a home than its databases, once a person was taken out of them.

Copies that the program made of what was published go: they can be made again. What it cannot have made stays, and is
named, so that its owner looks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.settings import Files
from transforms.runner.publish import STAMP

BEGUN = (".part", ".partial")  # files that were being written when the program was killed
BEGUN_DATABASES = (".new", ".copy", ".alone")
BOOKINGS = "EXTF_"  # DATEV batches hold sums of days, and no person
TABLES = (".csv", ".xlsx", ".parquet")
DELTA_LOG = "_delta_log"
KEPT_WORK = ("lock", "plan.json", STAMP)


@dataclass
class Traces:
    """What became of the other files of a home.

    Attributes:
        removed: Copies that the program had made: exports, and what it was writing when it was killed.
        left: Files that are none of the program's.
    """

    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def clear_work(files: Files) -> None:
    """Remove from `work/` all but the build file, the lock and what holds no orders."""
    for entry in files.work.iterdir():
        if entry.name in KEPT_WORK or entry.name in (files.build.name, f"{files.build.name}.wal"):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def find_copies(files: Files) -> Traces:
    """Copies of what was published, wherever in the home they lie, and what is none; what links lead to is neither."""
    traces = Traces()
    delta = [path for path in _folders(files) if (path / DELTA_LOG).is_dir()]
    traces.removed += [str(folder) for folder in delta]
    for path in _others(files):
        if any(folder in path.parents for folder in delta):
            continue
        if _is_copy(path, files):
            traces.removed.append(str(path))
        elif not path.name.startswith(BOOKINGS):
            traces.left.append(str(path))
    return traces


def remove_copies(traces: Traces) -> None:
    """Remove what was found.

    Raises:
        OSError: One cannot be removed.
    """
    for path in map(Path, traces.removed):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _folders(files: Files) -> Iterator[Path]:
    for folder, inner, _ in os.walk(files.home):
        here = Path(folder)
        inner[:] = sorted(name for name in inner if here / name != files.work)
        yield here


def _others(files: Files) -> list[Path]:
    """Every file of the home that is not the program's own."""
    own = {files.warehouse, files.landing, files.token, files.report, files.forgetting}
    own |= {path.with_name(f"{path.name}.wal") for path in (files.warehouse, files.landing)}
    own |= {files.token.with_name(f"{files.token.name}.lock")}
    handbook = _handbook(files)
    return [
        path
        for folder in _folders(files)
        for path in sorted(folder.iterdir())
        if path not in own and path not in handbook and (path.is_symlink() or not path.is_dir())
    ]


def _handbook(files: Files) -> set[Path]:
    """The pages of `inventorum docs`, which hold no orders."""
    from transforms.readers.docs.render import FILES

    return {files.home / "docs" / name for name in FILES}


def _is_copy(path: Path, files: Files) -> bool:
    if path.is_symlink():
        return False
    name = path.name
    if name.endswith(BEGUN) and name.startswith("."):
        return True
    if any(name == f"{own.name}{suffix}" for own in (files.warehouse, files.landing) for suffix in BEGUN_DATABASES):
        return True
    if name.endswith(".parquet"):
        return True
    in_exports = files.home / "exports" in path.parents
    return in_exports and name.endswith(TABLES) and not name.startswith(BOOKINGS)
