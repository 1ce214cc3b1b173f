"""Publishes the build file: readers see the old warehouse or the new one, never a mixture, and never wait."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import duckdb

from transforms.errors import PublishError, TransformError
from transforms.runner import ledger
from transforms.runner.database_file import (
    logs_of,
    no_writer,
    put_in_place,
    real,
    times_written,
    without_log,
)
from transforms.runner.session import UnreadableFile, connect

if TYPE_CHECKING:
    from transforms.runner.session import Connection, Files

STAMP = "published.json"
SEAL = "times_written"
SEAL_TRIES = 3


@dataclass(frozen=True)
class PublishReport:
    """What publishing cost.

    Attributes:
        discarded: Another program had written the file that was replaced, or the log beside it.
    """

    bytes: int
    seconds: float
    discarded: bool = False


def publish(files: Files, group: str | None = None) -> PublishReport:
    """Put a copy of the build file in the place of the published one, by renaming it.

    Args:
        group: Its members may read the file, and reach it in a folder that nobody else enters; default: nobody
            but the owner.

    Readers of the file that stands there keep it. Logs of other programs beside it go: what they changed was
    never published.

    Raises:
        PublishError: It could not be written; the published file is as it was, and nothing is left behind.
        FilesHeld: Another process has the build file open, or the published one for writing.
    """
    began = perf_counter()
    if not files.build.is_file():
        raise PublishError(f"{files.build} does not exist: nothing was built yet. Run `inventorum build`.")
    # open until the copy is made, so that no other process changes what is being copied
    with no_writer(files.published), closing(connect(files.build, files)) as connection:
        state = ledger.read_meta(connection).get("state") if ledger.is_warehouse(connection) else None
        if state is None:
            raise PublishError(f"{files.build} holds no finished build. Run `inventorum build`.")
        try:
            discarded = _refuse_foreign(files)
            _seal(connection, files.build)
            size = _replace(files, group)
        except (OSError, LookupError, duckdb.Error) as fault:
            words = fault.strerror if isinstance(fault, OSError) else str(fault)
            raise PublishError(
                f"Publishing to {files.published} failed: {words or fault}. The published file is as it was; "
                "free some space or mend the permissions, then run `inventorum build` again."
            ) from fault
    _stamp(files, state)
    return PublishReport(size, perf_counter() - began, discarded)


def is_published(files: Files, build: Connection) -> bool:
    """Whether readers find a copy of the build's latest state, and nothing that another program has made of it."""
    state = ledger.read_meta(build).get("state")
    try:
        there = files.published.stat()
    except OSError:
        return False
    if logs_of(files.published):
        return False
    if _read_stamp(files) == _stamp_of(there, state):
        return True
    try:
        with closing(connect(files.published, files, read_only=True)) as published:
            same = is_as_published(published, files.published) and ledger.read_meta(published).get("state") == state
    except TransformError:
        return False
    if same and state is not None:
        _stamp(files, state)
    return same


def is_as_published(published: Connection, path: Path, *, unsealed: bool = False) -> bool:
    """Whether no program has written the file since it was published: it says itself how often it was written.

    Args:
        unsealed: What to say of a file of an earlier version, which does not.
    """
    if logs_of(path) or not ledger.is_warehouse(published):
        return False
    seal = ledger.read_meta(published).get(SEAL)
    return unsealed if seal is None else seal == str(times_written(path))


def _seal(connection: Connection, path: Path) -> None:
    """Write the file once more, with a note of how often it will have been written then."""
    for _ in range(SEAL_TRIES):  # a commit may write the file by itself, before the checkpoint does
        connection.execute("checkpoint")
        ledger.write_meta(connection, {SEAL: str((times_written(path) or 0) + 1)})
        connection.execute("checkpoint")
        if ledger.read_meta(connection).get(SEAL) == str(times_written(path)):
            return


def refuse_target(files: Files) -> None:
    """Make sure that what stands where a build will be published is ours; changes nothing.

    Raises: As publish. One who writes what is known to be ours may have ended when it is replaced.
    """
    if files.published.exists():
        try:
            _refuse_foreign(files)
        except PublishError:
            with no_writer(files.published):  # whose lock may be what was in the way
                raise


def _replace(files: Files, group: str | None) -> int:
    partial = real(files.published).with_name(f".{real(files.published).name}.partial")
    partial.unlink(missing_ok=True)
    try:
        size = _write(files.build, partial, group)
        put_in_place(partial, files.published)
    finally:
        partial.unlink(missing_ok=True)
    if group is not None:
        _let_through(partial.parent, group)
    return size


def _let_through(folder: Path, group: str) -> None:
    """Let a group reach files in a folder that is closed to all but its owner; it cannot list them."""
    if stat.S_IMODE(folder.stat().st_mode) == 0o700:
        shutil.chown(folder, group=group)
        folder.chmod(0o710)


def _write(source: Path, target: Path, group: str | None) -> int:
    """Copy to a new file, on disk when this returns; others can read it when its permissions are right."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as written, source.open("rb") as read:
        _copy(read.fileno(), written.fileno())
        if group is not None:
            shutil.chown(target, group=group)
        os.fchmod(written.fileno(), 0o600 if group is None else 0o640)
        os.fsync(written.fileno())
        return os.fstat(written.fileno()).st_size


def _copy(source: int, target: int) -> None:
    """Copy in the kernel: shared blocks where the file system can, no bytes through this process."""
    size = os.fstat(source).st_size
    copied = 0
    while copied < size:
        step = _copy_some(source, target, copied, min(size - copied, 1 << 30))
        if step == 0:
            raise OSError(f"{size - copied} of {size} bytes could not be read")
        copied += step


def _copy_some(source: int, target: int, offset: int, count: int) -> int:
    """Copy up to `count` bytes from a place of the source to the end of the target; gives how many."""
    if hasattr(os, "copy_file_range"):  # Linux; XFS and Btrfs then share the blocks
        try:
            return os.copy_file_range(source, target, count, offset)
        except OSError as fault:
            if fault.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
    return os.sendfile(target, source, offset, count)


def _refuse_foreign(files: Files) -> bool:
    """Do not replace a file that this program did not make; whether another has written what it made."""
    if not files.published.exists():
        if not files.published.is_symlink():
            files.published.parent.mkdir(parents=True, exist_ok=True)
        return False
    stamp = _read_stamp(files)
    if stamp and stamp == _stamp_of(files.published.stat(), str(stamp.get("state"))):
        # the very file that was published last; a reader of this process may hold it open
        return bool(logs_of(files.published))
    try:
        # the log of another program may make the file unreadable, and goes with the file
        with (
            without_log(files.published) as alone,
            closing(connect(alone, files, read_only=True)) as published,
        ):
            seal = ledger.read_meta(published).get(SEAL, "") if ledger.is_warehouse(published) else None
    except TransformError as fault:
        # what was published there before and has been damaged since
        if isinstance(fault, UnreadableFile) and (stamp or not files.published.stat().st_size):
            return True
        raise PublishError(
            f"{files.published} is in the way: {fault} Move it away, then run `inventorum build`."
        ) from fault
    if seal is None:
        raise PublishError(
            f"{files.published} is a database of another program. It was not touched. "
            "Move it away, then run `inventorum build`."
        )
    return bool(logs_of(files.published)) or (seal != "" and seal != str(times_written(files.published)))


def _stamp(files: Files, state: str) -> None:
    """Note which state is published, so that a run with nothing new need not open the file."""
    with suppress(OSError):  # it only saves time, and the disk may have been full enough
        files.work.mkdir(parents=True, exist_ok=True)
        (files.work / STAMP).write_text(json.dumps(_stamp_of(files.published.stat(), state)), "utf-8")


def _read_stamp(files: Files) -> dict[str, object]:
    """The note of the last publishing; empty if there is none."""
    try:
        found = json.loads((files.work / STAMP).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _stamp_of(there: os.stat_result, state: str | None) -> dict[str, object]:
    return {"state": state, "inode": there.st_ino, "size": there.st_size, "mtime": there.st_mtime_ns}
