"""One run per home folder: a lock that the kernel gives back when the process dies."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import HomeError, LockedError


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
        raise HomeError(
            f"The lock {lock} could not be opened: {error.strerror}. Nothing was changed. "
            "Check the permissions of the home folder."
        ) from None
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
