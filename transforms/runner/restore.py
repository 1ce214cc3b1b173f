"""Opens the build file whatever state it was left in; the published file is its spare."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from transforms.runner import ledger
from transforms.runner.session import UnreadableFile, connect, readable_faults, remove_database

if TYPE_CHECKING:
    from pathlib import Path

    from transforms.runner.session import Connection, Files


def open_build(files: Files) -> Connection | None:
    """The build file, restored from the published one if it is missing or broken; None: there is neither."""
    if files.build.is_file():
        connection = _open_warehouse(files.build, files)
        if connection is not None:
            return connection
        remove_database(files.build)
    if not files.published.is_file():
        return None
    with readable_faults(files.build):
        files.build.parent.mkdir(parents=True, exist_ok=True)
        partial = files.build.with_name(files.build.name + ".copy")
        shutil.copyfile(files.published, partial)
        partial.chmod(0o600)
        partial.replace(files.build)
    connection = _open_warehouse(files.build, files)
    if connection is None:
        remove_database(files.build)
    return connection


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
