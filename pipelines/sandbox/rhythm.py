"""When people buy: opening hours, weekdays, seasons, holidays, growth."""

from __future__ import annotations

from bisect import bisect
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

#           Mon   Tue   Wed   Thu   Fri   Sat   Sun
TILL_DAY = (0.85, 0.80, 0.90, 1.00, 1.30, 1.60, 0.0)
MAIL_DAY = (1.15, 1.05, 1.00, 1.00, 0.90, 0.85, 1.20)
MONTH = (0.78, 0.76, 0.88, 0.95, 1.05, 1.06, 1.12, 1.08, 1.00, 0.95, 1.08, 1.60)
GROWTH_PER_YEAR = 0.07

#                 hour of the day: weight
WEEKDAY_HOURS = {9: 5, 10: 8, 11: 10, 12: 12, 13: 9, 14: 8, 15: 9, 16: 11, 17: 14, 18: 10}
SATURDAY_HOURS = {9: 7, 10: 12, 11: 15, 12: 14, 13: 12, 14: 10, 15: 8}
EVE_HOURS = {9: 10, 10: 14, 11: 14, 12: 12, 13: 9}
MAIL_HOURS = dict(enumerate((3, 1, 1, 1, 1, 2, 4, 7, 9, 10, 11, 11, 12, 11, 10, 10, 11, 12, 14, 18, 22, 20, 13, 7)))


def easter(year: int) -> date:
    """Easter Sunday (Gauß, in the form of Butcher)."""
    century, rest = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (year % 19 + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def is_holiday(day: date) -> bool:
    """Whether shops in Bavaria are closed for a public holiday."""
    if (day.month, day.day) in {(1, 1), (1, 6), (5, 1), (8, 15), (10, 3), (11, 1), (12, 25), (12, 26)}:
        return True
    return (day - easter(day.year)).days in (-2, 1, 39, 50, 60)


def opening_hours(day: date) -> dict[int, int]:
    """The hours in which the till is open, each with its share of the day's customers."""
    if day.weekday() == 6 or is_holiday(day):
        return {}
    if day.month == 12 and day.day in (24, 31):
        return EVE_HOURS
    return SATURDAY_HOURS if day.weekday() == 5 else WEEKDAY_HOURS


def busyness(day: date, *, online: bool, growth_from: date) -> float:
    """How much is bought on a day, against an average day."""
    if not online and not opening_hours(day):
        return 0.0
    weight = (MAIL_DAY if online else TILL_DAY)[day.weekday()] * MONTH[day.month - 1]
    if day.month == 12:
        weight *= 1.15 if day.day < 24 else 0.55
    weight *= 1 + GROWTH_PER_YEAR * (day - growth_from).days / 365
    return weight * Random(day.toordinal() * 2 + online).uniform(0.78, 1.22)  # noqa: S311


class Calendar:
    """Moments of sales between two times, spread as people buy."""

    def __init__(self, start: datetime, end: datetime, timezone: str, *, growth_from: date | None = None) -> None:
        """Prepares the days.

        Args:
            start: The first moment.
            end: The moment after the last.
            timezone: Where its days begin and its opening hours hold.
            growth_from: The day against which business has grown; default: the first.
        """
        self._zone = ZoneInfo(timezone)
        self._start, self._end = start.timestamp(), end.timestamp()
        first = start.astimezone(self._zone).date()
        last = end.astimezone(self._zone).date()
        self.days = [first + timedelta(number) for number in range((last - first).days + 1)]
        self._midnights = [self._midnight(day) for day in [*self.days, last + timedelta(1)]]
        self._weights = {
            online: [busyness(day, online=online, growth_from=first) for day in self.days] for online in (False, True)
        }

    def expected(self, per_day: float, *, online: bool) -> float:
        """How many sales an average of `per_day` means for this stretch of time."""
        total = 0.0
        for place, weight in enumerate(self._weights[online]):
            hours = MAIL_HOURS if online else opening_hours(self.days[place])
            midnight = self._midnights[place]
            inside = sum(
                share for hour, share in hours.items() if self._start <= midnight + 3600 * hour + 1800 < self._end
            )
            total += weight * inside / (sum(hours.values()) or 1)
        return per_day * total

    def moments(self, rng: Random, count: int, *, online: bool) -> list[int]:
        """Times of sales, ascending, seconds since 1970; none if the till is closed throughout."""
        cumulated = list(accumulate(self._weights[online]))
        tables = [
            _table(MAIL_HOURS if online else opening_hours(day)) if weight else None
            for day, weight in zip(self.days, self._weights[online], strict=True)
        ]
        found: list[int] = []
        for _ in range(20):  # draws that fall outside the stretch are drawn again
            missing = count - len(found)
            if missing <= 0 or not cumulated[-1]:
                break
            for place in rng.choices(range(len(self.days)), cum_weights=cumulated, k=missing):
                table = tables[place]
                assert table is not None, "a day without hours was drawn"
                hours, shares = table
                hour = hours[bisect(shares, rng.random() * shares[-1])]
                second = self._midnights[place] + int(3600 * (hour + rng.random()))
                if self._start <= second < self._end:
                    found.append(second)
        found.sort()
        return found

    def _midnight(self, day: date) -> int:
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).astimezone(UTC).timestamp())


def _table(hours: dict[int, int]) -> tuple[list[int], list[int]]:
    return list(hours), list(accumulate(hours.values()))
