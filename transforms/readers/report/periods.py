"""The days that a report is about, and those that it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

DEFAULT_DAYS = 30


@dataclass(frozen=True)
class Period:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def before(self) -> Period:
        """As many days, directly before."""
        return Period(self.start - timedelta(days=self.days), self.start - timedelta(days=1))

    def a_year_before(self) -> Period:
        """The same calendar days one year earlier; 29 February becomes the 28th."""
        return Period(_a_year_before(self.start), _a_year_before(self.end))

    def until(self, last: date) -> Period:
        """The part that does not lie after `last`."""
        return Period(self.start, min(self.end, last))


def _a_year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def monday_of(day: date) -> date:
    """The Monday of the ISO week of a day."""
    return day - timedelta(days=day.weekday())
