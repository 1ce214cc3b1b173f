"""The real program in a process of its own that costs no start: a fork of this one, which has imported everything.

A fork may be killed, starved of disk space, given another clock or a foreign environment, and leaves nothing
behind in this process, which never opens a database itself.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import FrameType
from typing import Any, NoReturn, TypeVar

import pipelines
import transforms
from pipelines import cli
from pipelines.inventorum.http import client, login, retries
from pipelines.landing import clocks, cursors
from pipelines.settings import Settings
from tests.lives.clocks import shift_clock

for package in (pipelines, transforms):  # a fork imports nothing
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)

T = TypeVar("T")
KILLED_AFTER = 120
EARLIER = datetime(2026, 10, 1, tzinfo=UTC)
STEPS = frozenset({"execute", "commit", "close", "rename", "replace", "unlink", "mkdir", "fsync", "chmod", "open"})


@dataclass(frozen=True)
class Outcome:
    """How a process ended: its exit code, or minus the signal that ended it, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Stop:
    """A signal that the process sends itself at its n-th call of something that reads or changes files."""

    step: int
    signal: int = signal.SIGKILL


def program(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    stop: Stop | None = None,
    clock: timedelta = timedelta(0),
    believes: timedelta = timedelta(days=1),
    patience: float | None = None,
) -> Callable[[], int]:
    """What `fork` is to run as `inventorum ARGUMENTS`.

    Args:
        clock: How far its machine's clock is from the right time.
        believes: How far a server's clock may be ahead; our server stands for one that is not of this machine.
        patience: Seconds that it waits for an answer; None: as long as it does everywhere.
    """

    def body() -> int:
        os.environ.update(environment)
        shift_clock(clock)
        Settings.clock_tolerance = property(lambda _: believes)  # type: ignore[assignment, method-assign]
        for module in (clocks, cursors):  # of a release from before the lives begin: this machine's clock is believed
            module.RELEASED = EARLIER  # type: ignore[attr-defined]
        sys.argv = ["inventorum", *arguments]
        _never_wait()
        if patience is not None:
            defaults = client.InventorumClient.__init__.__kwdefaults__
            defaults |= {"read_timeout": patience, "time_limit": patience}
        if stop is not None:
            _arm(stop)
        cli.main()
        return 0

    return body


def fork(body: Callable[[], int]) -> Outcome:
    """The outcome of a function in a fork of this process; its result is the exit code."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _be_the_child(body, out.fileno(), err.fileno())
        status = _wait(child)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return Outcome(os.waitstatus_to_exitcode(status), *texts)


def apart(function: Callable[[], T]) -> T:
    """The result of a function in a fork of this process.

    Raises:
        AssertionError: It raised anything; with the text of its traceback.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "result"

        def body() -> int:
            place.write_bytes(pickle.dumps(function()))
            return 0

        outcome = fork(body)
        assert outcome.code == 0, outcome.err
        result: T = pickle.loads(place.read_bytes())
    return result


def _be_the_child(body: Callable[[], int], out: int, err: int) -> NoReturn:
    gc.freeze()  # pages stay shared with the parent
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    signal.alarm(KILLED_AFTER)
    os._exit(ended(body))


def ended(body: Callable[[], int]) -> int:
    """The exit code of a function as Python would end with it, after everything is written."""
    try:
        code = body()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


def _wait(child: int) -> int:
    return os.waitpid(child, 0)[1]


def _never_wait() -> None:
    """Retries follow at once: the waits between them are tested elsewhere."""
    for module in (client, retries, login):
        for name in ("BACK_OFF_FIRST", "BACK_OFF_MOST", "RETRY_AFTER_MOST"):
            if hasattr(module, name):
                setattr(module, name, 0.001)


def _arm(stop: Stop) -> None:
    left = stop.step

    def count(frame: FrameType, event: str, function: Any) -> None:
        nonlocal left
        if event in ("c_call", "c_return") and function.__name__ in STEPS:
            left -= 1
            if left == 0:
                sys.setprofile(None)
                os.kill(os.getpid(), stop.signal)

    sys.setprofile(count)
