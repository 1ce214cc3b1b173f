"""What befalls the machine in the middle of a run."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from datetime import timedelta

from tests.lives.apart import Stop
from tests.lives.life import INCOMPLETE, REFUSED, Life
from tests.lives.operator_events import WORDS


@dataclass(frozen=True)
class Stopped:
    """A run is ended by a signal at its n-th touch of a file or database."""

    what: str = "sync"
    step: int = 500
    signal: str = "SIGKILL"

    def happen(self, life: Life) -> None:
        number = signal.Signals[self.signal]
        outcome = life.inventorum(*WORDS[self.what], may={0, 1}, stop=Stop(self.step, number))
        life.told["stopped runs"] += outcome.code in (-number, 130)
        if life.rotating:  # the token may have been spent and its successor not written yet
            life.excuses["login"] = frozenset({REFUSED})


@dataclass(frozen=True)
class DiskFull:
    """A run whose home lies on a disk with so many free kilobytes."""

    what: str = "sync"
    free: int = 1000

    def happen(self, life: Life) -> None:
        if life.files.home.exists():
            outcome = life.inventorum(*WORDS[self.what], may={0, 1}, free=self.free * 1024)
            life.told["full disks"] += outcome.code == 1
            if life.rotating:
                life.excuses["login"] = frozenset({REFUSED})


@dataclass(frozen=True)
class ClockWrong:
    """A run on a machine whose clock is wrong."""

    what: str = "sync"
    minutes: int = 1440

    def happen(self, life: Life) -> None:
        # a server more than a day after this machine is refused
        life.inventorum(*WORDS[self.what], may={0, 1, INCOMPLETE}, wrong_by=timedelta(minutes=self.minutes))


@dataclass(frozen=True)
class Foreign:
    """The environment has a variable of another program."""

    name: str
    value: str

    def happen(self, life: Life) -> None:
        life.foreign[self.name] = self.value


VARIABLES = (
    ("DEV_MODE", "true"),
    ("FULL_REFRESH", "true"),
    ("DATASET_NAME_LAYOUT", "other_%s"),
    ("SCHEMA__NAMING", "direct"),
    ("PYTHONIOENCODING", "ascii"),
    ("TZ", "Asia/Tokyo"),
    ("LC_ALL", "C"),
    ("RUNTIME__LOG_LEVEL", "DEBUG"),
    ("NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS", "1"),
    ("DESTINATION__DUCKDB__CREDENTIALS", "/nowhere/else.duckdb"),
    ("LOAD__WORKERS", "1"),
    ("RESTORE_FROM_DESTINATION", "false"),
)
