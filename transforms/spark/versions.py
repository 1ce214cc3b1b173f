"""The folder of what Spark has built: a folder for each version, and a link to the one that counts.

    out/v=1/core/fct_orders/*.parquet
    out/v=1/build.json
    out/v=2/...
    out/current -> v=2

A version takes its name when it is complete, and the link is replaced in one step, so that readers of `current/` find
the old or the new tables, whole.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.errors import FilesHeld
from transforms.spark.errors import OutUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

CURRENT = "current"
LOCK = ".lock"
VERSION = re.compile(r"v=(\d+)")
DRAFT = re.compile(r"\.v=\d+\.part|\.current\.new")


class Versions:
    """The versions in one folder, held by this process; see `hold`.

    Attributes:
        number: That of the version to be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = max(self.numbers(), default=0) + 1

    @property
    def draft(self) -> Path:
        """Where the next version is made."""
        return self.folder / f".v={self.number}.part"

    @property
    def current(self) -> str | None:
        """The version that readers find."""
        link = self.folder / CURRENT
        return link.readlink().name if link.is_symlink() else None

    def numbers(self) -> list[int]:
        """Of the complete versions, oldest first."""
        return sorted(int(found[1]) for path in self.folder.iterdir() if (found := VERSION.fullmatch(path.name)))

    def publish(self, *, keep: int) -> Path:
        """Give the draft its name, lead readers to it, and delete all but the newest `keep` versions."""
        made = self.folder / f"v={self.number}"
        os.sync()  # Spark leaves it to the system when its files are on the disk
        self.draft.rename(made)
        pointer = self.folder / ".current.new"
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(made.name)
        pointer.replace(self.folder / CURRENT)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        for number in self.numbers()[:-keep]:
            shutil.rmtree(self.folder / f"v={number}", ignore_errors=True)
        return made

    def clear(self) -> None:
        """Delete what a build that was killed has left."""
        for path in self.folder.iterdir():
            if DRAFT.fullmatch(path.name):
                path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)


@contextmanager
def hold(folder: Path) -> Iterator[Versions]:
    """The folder for the length of a build, made if it is missing.

    Raises:
        OutUnusable: It holds something else, or cannot be written; it is as it was.
        FilesHeld: Another build holds it.
    """
    _refuse_other(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise OutUnusable(
            f"{folder} cannot be written: {fault.strerror}. Nothing was built. Choose another folder with --out."
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FilesHeld(
                f"Another build writes to {folder} now. Nothing was built. Wait until it has ended, or choose another "
                "folder with --out."
            ) from None
        versions = Versions(folder)
        versions.clear()
        yield versions
        versions.clear()
    finally:
        os.close(lock)


def _refuse_other(folder: Path) -> None:
    """Only what builds have left may lie there."""
    if folder.is_dir():
        names = sorted(path.name for path in folder.iterdir())
        strange = [name for name in names if not _is_ours(folder / name)]
        found = strange[0] if strange else None
    elif os.path.lexists(folder):
        found = "no folder"
    else:
        return
    if found is not None:
        what = f"holds {found}, which no build on Spark has made" if folder.is_dir() else "is no folder"
        raise OutUnusable(f"{folder} {what}. Nothing was built. Choose an empty folder or a new one with --out.")


def _is_ours(path: Path) -> bool:
    if VERSION.fullmatch(path.name):
        return (path / "build.json").is_file()
    if path.name == CURRENT:
        return path.is_symlink()
    return path.name == LOCK or DRAFT.fullmatch(path.name) is not None
