"""Faults that a test orders for the next answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Literal, get_args

FaultKind = Literal[
    "400",  # any status from 400 to 599 may be given
    "401",
    "403",
    "404",
    "429",
    "500",
    "502",
    "503",
    "504",
    "reset",  # the connection is reset before any byte
    "close",  # the connection is closed before any byte
    "hang",  # no answer, ever
    "drip",  # the right answer, byte by byte
    "cut",  # half the body, then the connection is closed
    "broken_json",  # 200, half the body, as if that were all
    "html",  # 200, an HTML page
    "list",  # 200, a JSON list instead of an object
    "null",  # 200, JSON null
    "empty_body",  # 200, no body
    "empty_page",  # 200, no rows although `total` says more
    "redirect",  # 302 to another path of this server
    "redirect_away",  # 302 to another host
    "no_date",  # the right answer without a Date header
]


@dataclass(slots=True)
class Fault:
    """One fault to come.

    Attributes:
        kind: What goes wrong, see FaultKind.
        on: Part of the path that it waits for.
        after: Number of such requests that are answered well before.
        processed: Whether the request takes effect although its answer is lost.
        retry_after: The header of a 429 or 5xx: seconds, "date" (the server's time plus a second) or None.
        pause: Seconds between two bytes of a drip.
        body: Instead of the usual body of an error status.
        location: Instead of the usual address of a redirect.
    """

    kind: str
    on: str
    after: int = 0
    processed: bool = False
    retry_after: int | str | None = None
    pause: float = 0.05
    body: bytes | None = None
    location: str | None = None

    @property
    def status(self) -> int | None:
        """The status of an error answer; None for the other kinds."""
        return int(self.kind) if self.kind.isdigit() else None


class Faults:
    """Faults in the order in which they will happen, each once."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._lock = threading.Lock()

    def push(self, kind: str, *, times: int = 1, on: str = "/orders/", **details: Any) -> None:
        """Orders a fault for the next answers.

        Args:
            kind: A status such as "503", or a FaultKind.
            times: For how many answers.
            on: Part of the path; "/orders/" is both lists, "/auth/token/" the token endpoint, "/" any.
            details: Further attributes of Fault.

        Raises:
            ValueError: There is no such kind.
        """
        if kind not in get_args(FaultKind) and not (kind.isdigit() and 400 <= int(kind) <= 599):
            raise ValueError(f"no fault {kind!r}; there are {', '.join(get_args(FaultKind))}")
        with self._lock:
            self._queue += [Fault(kind, on, **details) for _ in range(times)]

    def take(self, path: str) -> Fault | None:
        """The fault of this request, if it has one."""
        with self._lock:
            for fault in self._queue:
                if fault.on in path:
                    if fault.after:
                        fault.after -= 1
                        return None
                    self._queue.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Forgets what was ordered."""
        with self._lock:
            self._queue.clear()

    def __len__(self) -> int:
        """How many are still to come."""
        return len(self._queue)
