"""A database file and the write-ahead log beside it change together.

DuckDB replays any `X.duckdb.wal` that it finds onto whatever file lies at `X.duckdb`. Whatever is put in the
place of a database, or removed, goes through here: the log goes first, so that a kill between two steps leaves
an earlier file without a log, never a new file beside an old one. A database that is a link stays a link: what
it names is written.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import struct
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from transforms.errors import FilesHeld

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = ".wal"
ALONE = ".alone"
NO_LOCKS_HERE = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)

# Of a DuckDB file: the mark of its kind, and two headers of which the one that was written last counts.
MARK = slice(8, 12), b"DUCK"
HEADERS = (4096, 8192)
HEADER = struct.Struct("<QQ")  # checksum, iteration: how often the file was written

FLOCK = struct.Struct("hhqqi4x")  # kind, whence, start, length, process; as Linux has it on 64 bits


def real(path: Path) -> Path:
    """Where the file itself lies or would lie: what a link names, in the end."""
    return Path(os.path.realpath(path))


def draft_of(path: Path, suffix: str) -> Path:
    """A name in the folder of the file itself, so that it can take its place in one step."""
    there = real(path)
    return there.with_name(there.name + suffix)


def logs_of(path: Path) -> list[Path]:
    """The logs that DuckDB would replay onto the file: beside it, and beside a link to it (before 2.0)."""
    beside = dict.fromkeys((path.with_name(path.name + LOG), draft_of(path, LOG)))
    return [log for log in beside if os.path.lexists(log)]


def put_in_place(draft: Path, path: Path) -> None:
    """Let a complete database file take the place of another, or of none; durable when this returns.

    Args:
        draft: In the folder of the file itself (`draft_of`), and closed.

    Raises:
        OSError: It cannot be written there; what stood there may have lost its log, which was to go anyway.
    """
    for unwritten in logs_of(draft):
        if unwritten.stat().st_size:
            raise OSError(errno.EIO, f"{unwritten.name} holds changes that {draft.name} lacks")
        unwritten.unlink()
    _drop_logs(path)
    draft.replace(real(path))
    sync_folder(real(path).parent)


def remove_database(path: Path) -> None:
    """Delete a database with its log and spill folder; a link to it stays, so that the next one is put there."""
    _drop_logs(path)
    real(path).unlink(missing_ok=True)
    shutil.rmtree(path.with_name(path.name + ".tmp"), ignore_errors=True)


def _drop_logs(path: Path) -> None:
    draft_of(path, ALONE).unlink(missing_ok=True)
    logs = logs_of(path)
    for log in logs:
        log.unlink(missing_ok=True)
    for folder in {log.parent for log in logs}:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def no_writer(path: Path) -> Iterator[None]:
    """Keep writers away from the file for the length of the block; readers go on.

    A session that still writes would put its log beside whatever takes the file's place. A file that is not
    there, or on a file system without locks, is let through.

    Raises:
        FilesHeld: Another program has it open for writing; the message names the process where that is known.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        _share(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _share(descriptor: int, path: Path) -> None:
    try:
        if hasattr(fcntl, "F_OFD_SETLK"):  # a lock of this descriptor: DuckDB may open and close the file beside it
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
        else:
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as fault:
        if fault.errno in NO_LOCKS_HERE:
            return
        raise FilesHeld(
            f"{path} is open for writing in another program{_writer(descriptor)}: a new file would be mixed with what "
            "that program writes. The published file was not replaced; what was loaded and built is kept. Close it "
            "there (readers need read_only=True), then run the command again."
        ) from fault


def _writer(descriptor: int) -> str:
    """Which process holds the lock, in brackets; empty where the system does not say."""
    if not sys.platform.startswith("linux"):
        return ""
    asked = FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
    with suppress(OSError):
        process = FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))[4]
        if process > 0:
            with suppress(OSError):
                return f" ({Path(f'/proc/{process}/exe').readlink()}, process {process})"
            return f" (process {process})"
    return ""


def times_written(path: Path) -> int | None:
    """How often the database file was written, log aside; None: it is no DuckDB file or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(max(HEADERS) + HEADER.size)
    except OSError:
        return None
    place, mark = MARK
    if head[place] != mark or len(head) < max(HEADERS) + HEADER.size:
        return None
    return max(int(HEADER.unpack_from(head, offset)[1]) for offset in HEADERS)


@contextmanager
def without_log(path: Path) -> Iterator[Path]:
    """Another name of the file, under which DuckDB finds no log; the file's own where none can be given."""
    if not logs_of(path):
        yield path
        return
    alias = draft_of(path, ALONE)
    try:
        alias.unlink(missing_ok=True)
        os.link(real(path), alias)
    except OSError:
        yield path
        return
    try:
        yield alias
    finally:
        alias.unlink(missing_ok=True)
