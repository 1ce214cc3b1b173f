"""How a process of this program begins and ends, so that small runs stay cheap."""

from __future__ import annotations

import atexit
import gc
import io
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from pipelines.errors import is_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    import duckdb

# no command needs them, but pyarrow, dlt, tenacity and requests import what they find: a sixth of a run without news
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
    mend_streams()
    sys.meta_path.insert(0, _LeftOut())
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)


def leave_nothing_out() -> None:
    """Let packages be found again that `begin` hides; for a library that asks for them before it does without."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _LeftOut)]


def mend_streams() -> None:
    """Give the process three streams that any text can be written to.

    One that the caller has closed leads nowhere: otherwise the next file that is opened would take its number,
    and a database receive what is printed. A letter that the stream's encoding lacks, and half a surrogate pair,
    is written with a backslash, as Python does on stderr.
    """
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def ended_by_ctrl_c(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let Ctrl-C end a statement at once: DuckDB itself looks for it only between tasks, and one may take hours.

    Raises:
        KeyboardInterrupt: It was pressed; the connection can be used again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    pressed = threading.Event()

    def listen() -> None:
        while number := os.read(heard, 1):
            if number[0] == signal.SIGINT:
                pressed.set()
                connection.interrupt()

    listener = threading.Thread(target=listen)
    before = signal.set_wakeup_fd(told)
    listener.start()
    try:
        yield
    except Exception as error:
        if pressed.is_set() or is_ctrl_c(error):
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.set_wakeup_fd(before)
        os.close(told)
        listener.join()
        os.close(heard)


def leave(stream: TextIO) -> None:
    """Let what is still to be written there lead nowhere: nobody reads it, or there is no room."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def end(status: int) -> None:
    """End the process without taking its memory apart object by object, a fifth of a run without news.

    Exit handlers run and output is written first; where it cannot be, 0 becomes 1. Returns if threads still work.
    """
    if threading.active_count() > 1:
        return
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            status = status or 1
    os._exit(status)
