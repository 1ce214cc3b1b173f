"""Days and times as users give them with --from and --to."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.errors import SettingsError


def parse_day(text: str | None, *, what: str, last: bool = False) -> date | None:
    """A day from `2026-11-23`, `2026-11` or `2026`; a month or year stands for its first or `last` day.

    Raises:
        SettingsError: It is none of these; `what` names the option.
    """
    if text is None:
        return None
    wanted = text.strip()
    if re.fullmatch(r"\d{4}", wanted, re.ASCII):
        wanted += "-12" if last else "-01"
    try:
        if re.fullmatch(r"\d{4}-\d{2}", wanted, re.ASCII):
            first = date.fromisoformat(f"{wanted}-01")
            return (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1) if last else first
        return date.fromisoformat(wanted)
    except (ValueError, OverflowError):
        raise SettingsError(
            f"{what} is {text!r}, which is no date. Nothing was done. Write it like 2026-11-23, or 2026-11 for a month."
        ) from None


def parse_instant(text: str, *, what: str, timezone: str, last: bool = False) -> datetime:
    """The moment of a day or time; what has no zone of its own is on the shop's clocks.

    A day stands for its beginning, as `last` for its end (the beginning of the next).

    Raises:
        SettingsError: It is neither a day nor a time.
    """
    zone = ZoneInfo(timezone)
    try:
        if "T" in text.upper() or " " in text.strip():
            moment = datetime.fromisoformat(text.strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except ValueError:
        raise SettingsError(
            f"{what} is {text!r}, which is no date or time. Nothing was done. "
            "Write it like 2026-11-23 or 2026-11-23T08:00."
        ) from None
    day = parse_day(text, what=what, last=last)
    if day is None:
        raise SettingsError(f"{what} is missing.")
    day += timedelta(days=1 if last else 0)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
