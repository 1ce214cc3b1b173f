"""Progress of long work, drawn by Rich on stderr; silent when stderr is no terminal or `-q` was given."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """What the steps of a run report to; every method may be called from any thread."""

    def update(self, task: str, done: int, total: int | None = None) -> None:
        """`done` of `total` units of `task` are through."""

    def note(self, text: str) -> None:
        """One line that is worth reading afterwards."""


class Silent:
    """Reports nothing."""

    def update(self, task: str, done: int, total: int | None = None) -> None:
        """Ignore the report."""

    def note(self, text: str) -> None:
        """Ignore the line."""


class RichProgress:
    """One bar a task, on stderr."""

    def __init__(self, bars: object, console: object) -> None:
        self._bars = bars
        self._console = console
        self._tasks: dict[str, object] = {}
        self._lock = threading.Lock()

    def update(self, task: str, done: int, total: int | None = None) -> None:
        """Draw the task's bar, adding it when it is new."""
        with self._lock:
            if task not in self._tasks:
                self._tasks[task] = self._bars.add_task(task, total=total)  # type: ignore[attr-defined]
            self._bars.update(self._tasks[task], completed=done, total=total)  # type: ignore[attr-defined]

    def note(self, text: str) -> None:
        """Print the line above the bars."""
        self._console.print(text, style="dim", markup=False, highlight=False)  # type: ignore[attr-defined]


@contextmanager
def shown(*, quiet: bool) -> Iterator[Progress]:
    """Progress bars for the length of the block."""
    if quiet:
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Silent()
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        yield RichProgress(bars, console)
