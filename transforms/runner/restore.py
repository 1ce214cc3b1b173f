"""Opens the build file whatever state it was left in; the published file is its spare."""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from transforms.runner import ledger
from transforms.runner.database_file import draft_of, put_in_place, remove_database
from transforms.runner.publish import is_as_published
from transforms.runner.session import UnreadableFile, connect, readable_faults

if TYPE_CHECKING:
    from pathlib import Path

    from transforms.runner.session import Connection, Files

RESTORED = "the build file was lost, and other programs may have changed the published file"


def open_build(files: Files) -> Connection | None:
    """The build file, restored from the published one if it is missing or broken; None: there is neither.

    One that was restored from a file that is not as it was published says so, and calls for a full build.
    """
    if files.build.is_file():
        connection = _open_warehouse(files.build, files)
        if connection is not None:
            return connection
        remove_database(files.build)
    if not files.published.is_file():
        return None
    with readable_faults(files.build):
        files.build.parent.mkdir(parents=True, exist_ok=True)
        partial = draft_of(files.build, ".copy")
        shutil.copyfile(files.published, partial)
        partial.chmod(0o600)
        _note_distrust(partial, files)
        put_in_place(partial, files.build)
    connection = _open_warehouse(files.build, files)
    if connection is None:
        remove_database(files.build)
    return connection


def _note_distrust(copy: Path, files: Files) -> None:
    """Let the copy of a file that other programs may have changed say so."""
    connection = _open_warehouse(copy, files)
    if connection is None:
        return
    with closing(connection):
        if not is_as_published(connection, copy):
            ledger.write_meta(connection, {ledger.DISTRUST: RESTORED})


def _open_warehouse(path: Path, files: Files) -> Connection | None:
    with suppress(UnreadableFile):
        connection = connect(path, files)
        if ledger.is_warehouse(connection):
            return connection
        connection.close()
    return None


def clear(path: Path, files: Files) -> None:
    """Remove what a killed build left, unless another process is at it."""
    if path.is_file():
        with suppress(UnreadableFile):
            connect(path, files).close()
    remove_database(path)
