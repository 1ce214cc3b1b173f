"""One run per home folder: a lock that the kernel gives back when the process dies."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import HomeError, LockedError

# struct flock of Linux on 64 bits: kind, whence, start, length, process
_FLOCK = struct.Struct("hhqqi4x")


@dataclass(frozen=True)
class Holder:
    """Who holds the lock: what `status` and `doctor` show."""

    pid: int
    command: str
    since: str


@contextmanager
def exclusive(lock: Path, command: str) -> Iterator[None]:
    """Hold the home folder's lock for the length of the block.

    Raises:
        LockedError: Another run holds it; the message says which and since when.
        HomeError: The lock file cannot be opened.
    """
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unopened(lock, error) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(_who(_read(descriptor), lock)) from None
        if _moved(descriptor, lock):  # somebody deleted work/ between open and flock
            raise LockedError(f"{lock} was replaced while this run began. Nothing was changed. Run again.")
        _write(descriptor, command)
        yield
    finally:
        os.close(descriptor)


def holder(lock: Path) -> Holder | None:
    """The run that holds the lock now, or None."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(descriptor) or Holder(0, "unknown", "unknown")
    else:
        return None
    finally:
        os.close(descriptor)


def refuse_held(lock: Path) -> None:
    """Refuse what `exclusive` would refuse now; takes and makes nothing.

    Raises: As exclusive.
    """
    try:
        os.close(os.open(lock, os.O_RDWR | os.O_CLOEXEC))
    except (FileNotFoundError, NotADirectoryError):  # the run makes it, or says what stands in the way
        return
    except OSError as error:
        raise _unopened(lock, error) from None
    found = holder(lock)
    if found is not None:
        raise LockedError(_who(found, lock))


def refuse_opened_elsewhere(database: Path) -> None:
    """Refuse a database file that another program has open, even for reading: DuckDB would not let it be written.

    Raises:
        LockedError: The message names the process.
    """
    if not sys.platform.startswith("linux"):
        return  # told where it is opened for writing
    asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        descriptor = os.open(database, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return  # missing, or told in its own words where it is opened
    try:
        kind, _, _, _, process = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    except OSError:
        return  # a file system without locks
    finally:
        os.close(descriptor)
    if kind != fcntl.F_UNLCK:
        raise LockedError(
            f"{database} is open in another program{_named(process)}. Nothing was changed. "
            "Close it there, then run the command again."
        )


def _named(process: int) -> str:
    with suppress(OSError):
        return f" ({Path(f'/proc/{process}/exe').readlink()}, process {process})"
    return f" (process {process})" if process > 0 else ""


def _unopened(lock: Path, error: OSError) -> HomeError:
    return HomeError(
        f"The lock {lock} could not be opened: {error.strerror}. Nothing was changed. "
        "Check the permissions of the home folder."
    )


def _who(found: Holder | None, lock: Path) -> str:
    run = "Another run"
    if found is not None:
        run = f"`inventorum {found.command}` (process {found.pid}) has been running since {found.since} and"
    return (
        f"{run} holds {lock.parent.parent}. This run changed nothing. "
        "Wait until it has ended, then run the command again."
    )


def _read(descriptor: int) -> Holder | None:
    try:
        found = json.loads(os.pread(descriptor, 4096, 0))
        return Holder(int(found["pid"]), str(found["command"]), str(found["since"]))
    except (ValueError, KeyError, TypeError, OSError):
        return None


def _write(descriptor: int, command: str) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = json.dumps({"pid": os.getpid(), "command": command, "since": since})
    os.ftruncate(descriptor, 0)
    with suppress(OSError):  # a full disk: the lock holds all the same, only who holds it is not known
        os.pwrite(descriptor, text.encode(), 0)


def _moved(descriptor: int, lock: Path) -> bool:
    try:
        return os.fstat(descriptor).st_ino != lock.stat().st_ino
    except FileNotFoundError:
        return True
