"""Progress of long work: one line on the terminal of stderr, or with `-v` lines that stay; else nothing."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from pipelines.settings import terminal_can_redraw

logger = logging.getLogger(__name__)

FRAME_SECONDS = 0.25
USUAL_COLUMNS = 80
BACK_AND_CLEAR = "\r\x1b[K"


class Progress(Protocol):
    """What the steps of a run report to; every method may be called from any thread."""

    def update(self, task: str, done: int, total: int | None = None) -> None:
        """`done` of `total` units of `task` are through."""

    def update_part(self, task: str, part: str, done: int, total: int | None = None) -> None:
        """`done` of `total` units of one part of `task` are through; several run at once."""

    def note(self, text: str) -> None:
        """One line that is worth reading afterwards."""


class Silent:
    """Reports nothing."""

    def update(self, task: str, done: int, total: int | None = None) -> None:
        """Ignore the report."""

    def update_part(self, task: str, part: str, done: int, total: int | None = None) -> None:
        """A report like any other."""
        self.update(part, done, total)

    def note(self, text: str) -> None:
        """Ignore the line."""


class Logged:
    """Logs each task and part when it begins."""

    def __init__(self) -> None:
        self._task = ""
        self._parts: set[str] = set()
        self._lock = threading.Lock()

    def update(self, task: str, done: int, total: int | None = None) -> None:
        """Log what is new."""
        self.update_part(task, "", done, total)

    def update_part(self, task: str, part: str, done: int, total: int | None = None) -> None:
        """Log what is new."""
        with self._lock:
            if task != self._task:
                self._task = task
                self._parts.clear()
            if part in self._parts:
                return
            self._parts.add(part)
        amount = f" ({done} of {total})" if total else ""
        logger.info("%s%s%s", task, f", {part}" if part else "", amount)

    def note(self, text: str) -> None:
        """Log the line."""
        logger.info("%s", text)


class Line:
    """What is being done, in the last line of a terminal.

    Reports only leave word; `draw` writes, a few times a second, whatever came in between: drawing each of them
    would cost more than the work itself.

    Args:
        columns: Width of the terminal, asked before each frame.
        clock: Seconds that only grow.
    """

    def __init__(self, stream: TextIO, columns: Callable[[], int], clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._columns = columns
        self._clock = clock
        self._began = clock()
        self._task = ""
        self._parts: dict[str, tuple[int, int | None]] = {}
        self._drawn = ""
        self._lock = threading.Lock()

    def update(self, task: str, done: int, total: int | None = None) -> None:
        """Leave word of the newest state."""
        self.update_part(task, "", done, total)

    def update_part(self, task: str, part: str, done: int, total: int | None = None) -> None:
        """Leave word of the newest state of one part."""
        with self._lock:
            if task != self._task:
                self._task = task
                self._parts.clear()
            self._parts[part] = done, total

    def note(self, text: str) -> None:
        """Write the line above."""
        with self._lock:
            self._write(f"{BACK_AND_CLEAR if self._drawn else ''}{text}\n")
            self._drawn = ""

    def draw(self) -> None:
        """Write the newest state over the one before, if it differs."""
        with self._lock:
            text = self._text()[: max(1, self._columns() - 1)]  # in the last column some terminals begin a new line
            if text != self._drawn:
                self._write(BACK_AND_CLEAR + text)
                self._drawn = text

    def clear(self) -> None:
        """Leave the terminal as it was."""
        with self._lock:
            if self._drawn:
                self._write(BACK_AND_CLEAR)
                self._drawn = ""

    def _text(self) -> str:
        if not self._task:
            return ""
        minutes, seconds = divmod(int(self._clock() - self._began), 60)
        return f"{minutes}:{seconds:02}  {self._task}{self._amount()}"

    def _amount(self) -> str:
        done = sum(done if total is None else min(done, total) for done, total in self._parts.values())
        totals = [total for _, total in self._parts.values() if total is not None]
        amount = f"  {done:,} of {sum(totals):,}" if len(totals) == len(self._parts) else f"  {done:,}"
        names = ", ".join(part for part in self._parts if part)
        return amount + (f" ({names})" if names else "")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # a terminal that was closed is no fault of the work
            self._stream.write(text)
            self._stream.flush()


@contextmanager
def shown(*, quiet: bool, verbose: bool = False) -> Iterator[Progress]:
    """Progress for the length of the block; on a terminal a thread keeps the line moving."""
    if verbose:
        yield Logged()
        return
    stream = sys.stderr
    if quiet or stream is None or not _is_terminal(stream):
        yield Silent()
        return
    line = Line(stream, lambda: _columns(stream))
    ended = threading.Event()

    def keep_moving() -> None:
        while not ended.wait(FRAME_SECONDS):
            line.draw()

    drawing = threading.Thread(target=keep_moving, name="progress", daemon=True)
    drawing.start()
    try:
        yield line
    finally:
        ended.set()
        drawing.join()
        line.clear()


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty() and terminal_can_redraw()
    except ValueError:  # closed
        return False


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_COLUMNS
    except (OSError, ValueError):
        return USUAL_COLUMNS


@contextmanager
def timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    """Add the block's seconds to the step's."""
    begin = time.perf_counter()
    try:
        yield
    finally:
        seconds[step] = round(seconds.get(step, 0.0) + time.perf_counter() - begin, 4)
