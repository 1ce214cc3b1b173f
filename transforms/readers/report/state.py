"""What the page says about the data themselves: how new, how complete, how clean, what changed afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from transforms.readers.report.figures import Figures
from transforms.readers.report.records import Coverage
from transforms.runner.broken import read_accepted

if TYPE_CHECKING:
    from transforms.readers.report.periods import Period

TROUBLED = ("never read", "broken", "behind")


@dataclass(frozen=True)
class ChannelState:
    """How new a channel's data are; times are the shop's clock.

    Attributes:
        verdict: As in `marts.freshness`: `trading`, `quiet`, `no orders`, `behind`, `broken`, `never read`,
            `not offered`.
    """

    channel: str
    verdict: str
    newest_order_at: datetime | None
    known_until: datetime | None

    @property
    def is_troubled(self) -> bool:
        return self.verdict in TROUBLED


@dataclass(frozen=True)
class Finding:
    """A warning about the shop's data as they stand."""

    check_name: str
    finding_count: int
    order_count: int
    amount: Decimal | None
    sample_order_ids: tuple[str, ...]


@dataclass(frozen=True)
class Restatement:
    """A closed day whose figures are no longer those of its books.

    Attributes:
        booking_date: Later day on whose books the change stands.
        gross_change: What the day gained or lost.
        booked_gross_amount: Gross turnover of goods on the day's own books.
    """

    business_date: date
    channel: str
    booking_date: date
    gross_change: Decimal
    booked_gross_amount: Decimal
    order_ids: str


def read_coverage(figures: Figures, day_starts_at: int) -> Coverage:
    """Which days the warehouse can speak about."""
    accounts = figures.rows("select distinct account from marts.freshness order by account")
    [(first, last)] = figures.rows("select min(business_date), max(business_date) from marts.sales_by_day")
    [(as_of,)] = figures.rows("select cast(max(known_until) as timestamp) from marts.freshness")
    today = (as_of - timedelta(hours=day_starts_at)).date() if as_of else last
    return Coverage(tuple(account for (account,) in accounts), first, last, as_of, today)


def read_channels(figures: Figures) -> list[ChannelState]:
    """How new each channel's data are."""
    found = figures.rows(
        "select channel, freshness, cast(newest_order_at as timestamp), cast(known_until as timestamp) "
        "from marts.freshness order by account, channel"
    )
    return [ChannelState(*row) for row in found]


def read_findings(figures: Figures) -> list[Finding]:
    """The warnings about the data as they stand, those about the most money first."""
    found = figures.rows(
        "select check_name, finding_count, order_count, amount, sample_order_ids from marts.data_quality "
        "order by abs(amount) desc nulls last, finding_count desc, check_name"
    )
    return [
        Finding(name, int(count), int(orders), amount, tuple((samples or "").split()))
        for name, count, orders, amount, samples in found
    ]


def read_broken_claims(figures: Figures) -> list[str]:
    """The claims about the warehouse itself that do not hold and were accepted."""
    return list(read_accepted(figures.connection))


def read_restatements(figures: Figures, period: Period) -> list[Restatement]:
    """What changed of closed days of the period since, with their books, the latest change first."""
    found = figures.rows(
        "select late.business_date, late.channel, late.booking_date, late.gross_amount, "
        "coalesce(sum(books.gross_amount), 0), late.order_ids "
        "from marts.restatements as late left join marts.bookings_by_day as books "
        "on late.account = books.account and late.channel = books.channel "
        "and late.business_date = books.booking_date and books.kind <> 'refund' "
        "where late.business_date between ? and ? "
        "group by late.account, late.business_date, late.channel, late.booking_date, late.gross_amount, late.order_ids "
        "order by late.booking_date desc, late.business_date desc, late.account, late.channel",
        period.start,
        period.end,
    )
    return [Restatement(*row) for row in found]
