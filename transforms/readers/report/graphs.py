"""The charts of the page, from the figures: which columns and cells, with which labels and tips."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from transforms.readers.report.charts import Chart, Stack, columns, heat_map
from transforms.readers.report.figures import Figures
from transforms.readers.report.periods import Period, monday_of
from transforms.readers.report.records import ZERO, Coverage

if TYPE_CHECKING:
    from transforms.readers.report.formats import Formats
    from transforms.readers.report.labels import Labels

LONGEST_BY_DAY = 62
WEEKS = 13
MOST_WEEKS = 106
SERIES = ("ipad", "shop", "click_and_collect", "ebay", "backoffice", "atalanda", "ece")
OTHER_SERIES = "other"

Texts = Mapping[str, Any]


@dataclass(frozen=True)
class Columns:
    """A column chart with its figures: rows of a label, the amount of each channel, and the sum."""

    chart: Chart
    channels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Decimal, ...], Decimal], ...]
    summary: str


@dataclass(frozen=True)
class Heat:
    """The heat map with its figures: rows of an hour and the amount of each weekday."""

    chart: Chart
    rows: tuple[tuple[int, tuple[Decimal, ...]], ...]
    summary: str


def series_of(channel: str) -> str:
    """The colour of a channel; the same on every page."""
    return channel if channel in SERIES else OTHER_SERIES


class Graphs:
    """Draws the charts in one language."""

    def __init__(self, figures: Figures, formats: Formats, labels: Labels, texts: Texts) -> None:
        self.figures = figures
        self.formats = formats
        self.labels = labels
        self.texts = texts

    def days(self, period: Period, coverage: Coverage) -> Columns | None:
        """Turnover by day; None without sales."""
        amounts = self.figures.gross_by_day(period)
        if coverage.first_date is None or coverage.today is None:
            return None
        first, last = max(period.start, coverage.first_date), min(period.end, coverage.today)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        every = 1 if len(days) <= 16 else 2 if len(days) <= 31 else 7
        labels = {
            day: (self.formats.short_day(day), index % every == 0, day.weekday() == 0 or len(days) <= 7)
            for index, day in enumerate(days)
        }
        texts = self.texts["sales"]

        def summary(best: str, amount: Decimal, total: Decimal) -> str:
            return str(
                texts["day_summary"].format(
                    currency=self.formats.currency,
                    best=best,
                    amount=self.formats.money(amount),
                    average=self.formats.money(total / len(days)),
                )
            )

        return self._columns("days", days, labels, amounts, self.formats.weekday_and_day, summary)

    def weeks(self, period: Period, coverage: Coverage) -> Columns | None:
        """Turnover by week, of at least 13 weeks; None without sales."""
        if coverage.first_date is None or coverage.today is None:
            return None
        last = min(period.end, coverage.today)
        start = min(monday_of(period.start), monday_of(last) - timedelta(weeks=WEEKS - 1))
        start = max(start, monday_of(coverage.first_date), monday_of(last) - timedelta(weeks=MOST_WEEKS - 1))
        if start > last:
            return None
        amounts = self.figures.gross_by_week(Period(start, last))
        count = (monday_of(last) - start).days // 7 + 1
        weeks = [start + timedelta(weeks=n) for n in range(count)]
        wide, narrow = -(-count // 13), -(-count // 5)
        labels = {
            week: (self.formats.week(week).split("/")[0], n % wide == 0, n % narrow == 0)
            for n, week in enumerate(weeks)
        }
        texts = self.texts["sales"]

        def summary(best: str, amount: Decimal, total: Decimal) -> str:
            del total
            said = texts["week_summary"].format(
                currency=self.formats.currency,
                span=" – ".join(dict.fromkeys((self.formats.week(weeks[0]), self.formats.week(weeks[-1])))),
                best=best,
                amount=self.formats.money(amount),
            )
            return f"{said} {texts['week_partial']}"

        return self._columns("weeks", weeks, labels, amounts, self.formats.week, summary)

    def _columns(
        self,
        name: str,
        keys: Sequence[date],
        labels: Mapping[date, tuple[str, bool, bool]],
        amounts: Mapping[date, Mapping[str, Decimal]],
        full: Callable[[date], str],
        summary: Callable[[str, Decimal, Decimal], str],
    ) -> Columns | None:
        channels = sorted(
            {channel for key in keys for channel, amount in amounts.get(key, {}).items() if amount},
            key=self.labels.channel_order,
        )
        if not channels:
            return None
        sums = {key: sum(amounts.get(key, {}).values(), ZERO) for key in keys}
        stacks = []
        rows = []
        for key in keys:
            parts = {channel: amounts.get(key, {}).get(channel, ZERO) for channel in channels}
            tips = {
                channel: f"{full(key)}: {self.labels.channel(channel)} {self.formats.money(amount)}"
                for channel, amount in parts.items()
            }
            drawn = [(series_of(channel), amount, tips[channel]) for channel, amount in parts.items() if amount]
            stacks.append(Stack(*labels[key], drawn))
            rows.append((full(key), tuple(parts.values()), sums[key]))
        series = list(dict.fromkeys(series_of(channel) for channel in channels))
        best = max(keys, key=lambda key: sums[key])
        return Columns(
            columns(stacks, series, self.formats.lang, name),
            tuple(channels),
            tuple(rows),
            summary(full(best), sums[best], sum(sums.values(), ZERO)),
        )

    def heat(self, period: Period) -> Heat | None:
        """Turnover by weekday and hour; None without sales."""
        found = self.figures.by_weekday_and_hour(period)
        sold = {key: amount for key, (count, amount) in found.items() if count}
        if not sold:
            return None
        first, last = min(hour for _, hour in sold), max(hour for _, hour in sold)
        while last - first < 7:  # a few cells would look like a flag
            first, last = max(0, first - 1), min(23, last + 1)
        hours = range(first, last + 1)
        names = self.labels.names
        cells = []
        for weekday in range(1, 8):
            for hour in hours:
                amount = sold.get((weekday, hour), ZERO)
                when = f"{names['weekdays'][weekday - 1]}, {self.texts['o_clock'].format(hour=hour)}"
                cells.append((weekday - 1, hour, amount, f"{when}: {self.formats.money(amount)}"))
        best = max(sold, key=lambda key: (sold[key], -key[0], -key[1]))
        return Heat(
            heat_map(cells, names["short_weekdays"], list(hours), self.formats.lang, "heat"),
            tuple((hour, tuple(sold.get((day, hour), ZERO) for day in range(1, 8))) for hour in hours),
            self.texts["hours"]["summary"].format(
                weekday=names["weekdays"][best[0] - 1],
                **{"from": best[1], "to": best[1] + 1},
                amount=self.formats.money(sold[best]),
            ),
        )
