"""The shop's clock, and the two ways in which the API writes a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

When = str | datetime | None
"""A moment: ISO 8601 text, a datetime (without an offset: UTC) or None for "now"."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def moment(when: str | datetime) -> datetime:
    """The moment in UTC."""
    parsed = datetime.fromisoformat(when) if isinstance(when, str) else when
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def microseconds(when: datetime) -> int:
    """Whole microseconds since 1970, exact."""
    return (when - EPOCH) // MICROSECOND


def wire_time(seconds: int) -> str:
    """Seconds since 1970 as the API writes them: 2017-12-12T14:49:22+00:00."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


class Clock:
    """The server's clock: real UTC time unless it is given a start; it can be moved and stopped.

    Attributes:
        running: False: time passes only when it is told to.
    """

    def __init__(self, start: When = None, *, running: bool = True) -> None:
        self.running = running
        self._offset = timedelta(0)
        self._stopped_at = datetime.now(UTC)
        if start is not None:
            self.set(start)

    def now(self) -> datetime:
        """The shop's time, in UTC."""
        return datetime.now(UTC) + self._offset if self.running else self._stopped_at

    def set(self, at: str | datetime) -> None:
        """Sets the clock, also backwards."""
        self._stopped_at = moment(at)
        self._offset = self._stopped_at - datetime.now(UTC)

    def advance(self, by: timedelta) -> None:
        """Lets time pass at once."""
        self.set(self.now() + by)

    def reach(self, at: datetime) -> None:
        """Moves the clock forward to a moment; never back."""
        if at > self.now():
            self.set(at)
