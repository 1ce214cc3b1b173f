"""What a reconciliation finds: figures per channel and day on both sides, and what is to be landed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pipelines.landing.listed import Listed
from pipelines.landing.schemas import MONEY

# What MONEY holds.
AMOUNT_LIMIT = Decimal(10) ** (MONEY.precision - MONEY.scale)


@dataclass(frozen=True)
class Known:
    """One order as the warehouse has it."""

    day: date
    state: int | None
    content_hash: str
    gross: Decimal | None


@dataclass
class DayFigures:
    """One channel's day on both sides; the lists hold order ids."""

    listed: int = 0
    known: int = 0
    listed_gross: Decimal = Decimal(0)
    known_gross: Decimal = Decimal(0)
    missing_here: list[int] = field(default_factory=list)
    missing_there: list[int] = field(default_factory=list)
    different: list[int] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether both sides show the same orders with the same contents."""
        return not (self.missing_here or self.missing_there or self.different)


@dataclass
class Found:
    """What a reconciliation found, over all channels.

    Attributes:
        days: Per channel and business day.
        windows: Ledger rows.
        confirmed: Orders that count as missing from now on.
    """

    days: dict[tuple[str, date], DayFigures] = field(default_factory=dict)
    windows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    absences: list[dict[str, Any]] = field(default_factory=list)
    to_land: list[tuple[Listed, str, datetime]] = field(default_factory=list)
    suspicious: set[str] = field(default_factory=set)
    confirmed: dict[int, datetime] = field(default_factory=dict)
    checked_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def rows(self, run_id: str, account: str) -> list[dict[str, Any]]:
        """One row of `raw.reconciliation` per channel and business day."""
        return [
            {
                "run_id": run_id,
                "account": account,
                "channel": channel,
                "business_date": day,
                "listed_orders": figures.listed,
                "known_orders": figures.known,
                "listed_gross_amount": _storable(figures.listed_gross),
                "known_gross_amount": _storable(figures.known_gross),
                "missing_here": len(figures.missing_here),
                "missing_there": len(figures.missing_there),
                "different": len(figures.different),
                "status": self._status(channel, figures),
                "checked_at": self.checked_at,
            }
            for (channel, day), figures in self.days.items()
        ]

    def _status(self, channel: str, figures: DayFigures) -> str:
        if channel in self.suspicious:
            return "suspicious"
        return "agrees" if figures.agrees else "differs"


def _storable(amount: Decimal) -> Decimal | None:
    return amount if abs(amount) < AMOUNT_LIMIT else None
