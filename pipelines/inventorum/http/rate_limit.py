"""How fast requests may leave, and for how long trouble is borne."""

from __future__ import annotations

import threading
from collections.abc import Callable

PACE = 0.97
"""Share of the allowed rate that is used: network jitter must not press 21 requests into one second."""


class Limiter:
    """Hands out evenly spaced starting times, shared by all threads of a client.

    Args:
        per_second: Requests per second that the API allows.
        clock: Seconds that only grow.
        sleep: Waits for so many seconds.
    """

    def __init__(self, per_second: float, *, clock: Callable[[], float], sleep: Callable[[float], object]) -> None:
        self._interval = 1 / (per_second * PACE)
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = 0.0
        self._paused_until = 0.0

    def wait(self) -> None:
        """Return when the caller may send one request."""
        while True:
            with self._lock:
                slot = max(self._next, self._paused_until, self._clock())
                self._next = slot + self._interval
            delay = slot - self._clock()
            if delay > 0:
                self._sleep(delay)
            with self._lock:
                if slot >= self._paused_until:
                    return

    def pause(self, seconds: float) -> None:
        """Let no request of any thread leave for so many seconds."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)


class RetryBudget:
    """Seconds that failed tries and waits may cost over the life of a client.

    Trouble that several threads have at the same time counts once.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._lock = threading.Lock()
        self._spent = 0.0
        self._counted_until = float("-inf")

    def spend(self, begin: float, end: float) -> None:
        """Count a failed try and the wait after it, by the clock of the client."""
        with self._lock:
            self._spent += max(0.0, end - max(begin, self._counted_until))
            self._counted_until = max(self._counted_until, end)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self._spent >= self.seconds
