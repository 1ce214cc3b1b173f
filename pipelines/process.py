"""How a process of this program begins and ends, so that small runs stay cheap."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

# no command needs them, but pyarrow, dlt, tenacity and requests import what they find: a third of a run without news
UNUSED = frozenset({"chardet", "numpy", "pandas", "tornado"})
# Python's own 700 suits little programs: the modules alone are more than 100,000 objects
OBJECTS_BETWEEN_COLLECTIONS = 250_000


class _LeftOut:
    """Lets optional imports of other packages fail as if they were not installed."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if name in UNUSED:
            raise ModuleNotFoundError(f"{name} is left out of this program", name=name)


def begin() -> None:
    """Leave out what no command needs, and look for garbage rarely; call before anything heavy is imported."""
    sys.meta_path.insert(0, _LeftOut())
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)


def end(status: int) -> None:
    """End the process without taking its memory apart object by object, a fifth of a run without news.

    Exit handlers run and output is written first. Returns if that fails or threads still work.
    """
    if threading.active_count() > 1:
        return
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(status)
