"""What the template shows, worked out from the figures: comparisons, shares, charts, notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from transforms.readers.report import state
from transforms.readers.report.figures import Figures
from transforms.readers.report.graphs import LONGEST_BY_DAY, Columns, Graphs, Heat, Texts
from transforms.readers.report.periods import Period
from transforms.readers.report.records import (
    ZERO,
    ChannelSales,
    ClosingDay,
    Coverage,
    DiscountSums,
    OpenOrders,
    PaymentSums,
    ProductSales,
    Refund,
    Totals,
    VatLine,
)

if TYPE_CHECKING:
    from transforms.readers.report.formats import Formats
    from transforms.readers.report.labels import Labels

CLOSING_DAYS = 7

Kind = Literal["money", "count", "quantity"]


@dataclass(frozen=True)
class Comparison:
    """A figure beside that of another period.

    Attributes:
        value: None: the other period is not wholly covered, or nothing was sold in it.
        is_covered: Whether the warehouse covers the other period.
        change: Ratio by which the figure grew; None where it cannot be told.
        since: Set where the other period is covered from that day on only.
    """

    label: str
    period: Period
    value: Decimal | None = None
    change: Decimal | None = None
    since: date | None = None
    is_covered: bool = True


@dataclass(frozen=True)
class Tile:
    """A key figure; `value` None means that there is none, such as an average over no sales."""

    name: str
    kind: Kind
    value: Decimal | None
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class VatMonth:
    month: date
    lines: tuple[VatLine, ...]
    gross_amount: Decimal
    net_amount: Decimal
    vat_amount: Decimal


@dataclass(frozen=True)
class Page:
    """Everything that the template needs."""

    period: Period
    coverage: Coverage
    notices: tuple[str, ...]
    totals: Totals
    tiles: tuple[Tile, ...]
    channels: tuple[ChannelSales, ...]
    days: Columns | None
    weeks: Columns | None
    products: tuple[ProductSales, ...]
    heat: Heat | None
    payments: tuple[PaymentSums, ...]
    vat: tuple[VatMonth, ...]
    closings: tuple[ClosingDay, ...]
    refunds: tuple[Refund, ...]
    discounts: tuple[DiscountSums, ...]
    open_orders: OpenOrders
    states: tuple[state.ChannelState, ...]
    findings: tuple[state.Finding, ...]
    restatements: tuple[state.Restatement, ...]

    @property
    def has_orders(self) -> bool:
        """Whether the warehouse holds any order at all; without, there are no figures to show."""
        return self.coverage.first_date is not None

    def shows(self, note: str) -> bool:
        """Whether the page has the part that a note is about."""
        if not self.has_orders:
            return note == "freshness" and bool(self.states)
        missing = {"days": self.days, "weeks": self.weeks, "freshness": self.states}
        return bool(missing.get(note, True))


class Composer:
    """Composes a page in one language."""

    def __init__(self, figures: Figures, formats: Formats, labels: Labels, texts: Texts) -> None:
        self.figures = figures
        self.formats = formats
        self.labels = labels
        self.texts = texts

    def compose(self, period: Period, coverage: Coverage) -> Page:
        """The page about a period."""
        figures = self.figures
        graphs = Graphs(figures, self.formats, self.labels, self.texts)
        totals = figures.totals(period)
        recent = Period(max(period.start, period.end - timedelta(days=3 * CLOSING_DAYS)), period.end)
        closings = [day for day in figures.closings(recent) if day.lines or day.order_count]
        return Page(
            period=period,
            coverage=coverage,
            notices=(*self.broken_claims(), *self.notices(period, coverage, totals)),
            totals=totals,
            tiles=self.tiles(period, coverage, totals),
            channels=tuple(figures.by_channel(period)),
            days=graphs.days(period, coverage) if period.days <= LONGEST_BY_DAY else None,
            weeks=graphs.weeks(period, coverage),
            products=tuple(figures.best_sellers(period)),
            heat=graphs.heat(period),
            payments=tuple(figures.payment_methods(period)),
            vat=_months(figures.vat(period)),
            closings=tuple(closings[:CLOSING_DAYS]),
            refunds=tuple(figures.refunds(period)),
            discounts=tuple(figures.discounts(period)),
            open_orders=figures.open_orders(),
            states=tuple(
                sorted(state.read_channels(figures), key=lambda found: self.labels.channel_order(found.channel))
            ),
            findings=tuple(state.read_findings(figures)),
            restatements=tuple(state.read_restatements(figures, period)),
        )

    def broken_claims(self) -> list[str]:
        """That a claim about the figures does not hold, and was accepted."""
        claims = state.read_broken_claims(self.figures)
        return [self.texts["notices"]["broken_claims"].format(claims=", ".join(claims))] if claims else []

    def notices(self, period: Period, coverage: Coverage, totals: Totals) -> list[str]:
        """What a reader must know before reading a figure."""
        said, formats = self.texts["notices"], self.formats
        if coverage.first_date is None or coverage.last_date is None or coverage.today is None:
            return [said["empty"]]
        if period.end < coverage.first_date or period.start > coverage.today:
            first, last = formats.day(coverage.first_date), formats.day(coverage.today)
            return [said["outside"].format(first=first, last=last)]
        notices = []
        if period.start < coverage.first_date:
            notices.append(said["starts_earlier"].format(day=formats.day(coverage.first_date)))
        if coverage.as_of and period.end > coverage.today:
            notices.append(said["in_future"].format(moment=formats.moment(coverage.as_of)))
        elif coverage.as_of and period.end == coverage.today:
            day, clock = formats.day(coverage.today), formats.clock(coverage.as_of)
            notices.append(said["not_over"].format(day=day, clock=clock))
        if not totals.order_count:
            notices.append(said["nothing_sold"])
        count, amount = self.figures.refunds_of_unknown_day(period)
        if count:
            words = {"n": formats.number(count), "amount": formats.money(amount)}
            notices.append(said["unknown_refund_days"]["one" if count == 1 else "many"].format(**words))
        return notices

    def tiles(self, period: Period, coverage: Coverage, totals: Totals) -> tuple[Tile, ...]:
        """The key figures beside those of the period before and of the year before."""
        texts = self.texts["tiles"]
        others = [(texts["before"], period.before()), (texts["year_before"], period.a_year_before())]
        compared = [
            (label, other, self.figures.totals(other) if _covers(coverage, other) else None) for label, other in others
        ]

        def tile(name: str, kind: Kind, attribute: str) -> Tile:
            value = getattr(totals, attribute)
            return Tile(
                name,
                kind,
                value,
                tuple(
                    _compare(label, other, value, getattr(sums, attribute) if sums else None, sums, coverage)
                    for label, other, sums in compared
                ),
            )

        return (
            tile("gross", "money", "gross_amount"),
            tile("net", "money", "net_amount"),
            tile("orders", "count", "order_count"),
            tile("average", "money", "average_gross_amount"),
            tile("quantity", "quantity", "quantity"),
            tile("refunds", "money", "refund_amount"),
            tile("discounts", "money", "discount_amount"),
            tile("shipping", "money", "shipping_gross_amount"),
        )


def _covers(coverage: Coverage, period: Period) -> bool:
    return coverage.first_date is not None and coverage.first_date <= period.start


def _compare(
    label: str,
    other: Period,
    value: Decimal | None,
    then: Decimal | None,
    sums: Totals | None,
    coverage: Coverage,
) -> Comparison:
    if sums is None:
        partly = coverage.first_date is not None and coverage.first_date <= other.end
        return Comparison(label, other, since=coverage.first_date if partly else None, is_covered=False)
    if not sums.order_count and not then:
        return Comparison(label, other)
    change = None
    if value is not None and then:
        change = (Decimal(value) - Decimal(then)) / abs(Decimal(then))
    return Comparison(label, other, then, change)


def _months(lines: Sequence[VatLine]) -> tuple[VatMonth, ...]:
    months: dict[date, list[VatLine]] = {}
    for line in lines:
        months.setdefault(line.month, []).append(line)
    return tuple(
        VatMonth(
            month,
            tuple(found),
            sum((line.gross_amount for line in found), ZERO),
            sum((line.net_amount for line in found), ZERO),
            sum((line.vat_amount for line in found), ZERO),
        )
        for month, found in months.items()
    )
