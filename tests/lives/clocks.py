"""Another time on this machine, in a process of its own: its programs' own clocks only, as a wrong clock would be."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta, tzinfo
from typing import Any

from dlt.common import time as dlt_time

OURS = ("pipelines.", "transforms.", "dlt.")


class _Kind(type):
    """Every datetime is one of these, so that code which asks for the type goes on."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


def shift_clock(by: timedelta) -> None:
    """From now on this process believes another time; call it in a fork only."""
    right = time.time

    class Shifted(datetime, metaclass=_Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + by

    def shifted() -> float:
        return right() + by.total_seconds()

    for name, module in list(sys.modules.items()):
        if name.startswith(OURS):
            for attribute, value in list(vars(module).items()):
                if value is datetime and not name.startswith("dlt."):
                    setattr(module, attribute, Shifted)
                elif value is right:
                    setattr(module, attribute, shifted)
    time.time = shifted
    dlt_time.increasing_precise_time._last = 0.0  # of a new process; dlt names loads after it
