"""Numbers, money, dates and times as German and English readers write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

Lang = Literal["de", "en"]

MINUS = "−"
NO_BREAK = "\u00a0"
NARROW_NO_BREAK = "\u202f"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£"}


@dataclass(frozen=True)
class Formats:
    """How one language writes values; every method takes exact numbers and gives plain text.

    Attributes:
        names: `months`, `short_months`, `weekdays`, `short_weekdays`, each a list beginning with January or Monday.
    """

    lang: Lang
    currency: str
    names: Mapping[str, Sequence[str]]

    def number(self, value: Decimal | int, places: int = 0) -> str:
        """Rounded half up, thousands grouped, with a real minus sign."""
        exact = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        text = f"{abs(exact):,.{places}f}"
        if self.lang == "de":
            text = text.translate(str.maketrans(",.", ".,"))
        return (MINUS if exact < 0 else "") + text

    def quantity(self, value: Decimal | int) -> str:
        """Without trailing zeros: 3, 0.25."""
        exact = Decimal(value)
        places = max(0, -int(exact.normalize().as_tuple().exponent)) if exact else 0
        return self.number(exact, places)

    def money(self, value: Decimal | int, places: int = 2) -> str:
        """With the currency where the language puts it."""
        symbol = SYMBOLS.get(self.currency)
        text = self.number(abs(Decimal(value)), places)
        negative = self.number(value, places).startswith(MINUS)
        if self.lang == "de":
            text = f"{text}{NO_BREAK}{symbol or self.currency}"
        else:
            text = f"{symbol}{text}" if symbol else f"{self.currency}{NO_BREAK}{text}"
        return (MINUS if negative else "") + text

    def percent(self, ratio: Decimal, places: int = 1, *, signed: bool = False) -> str:
        """A ratio (0-1) in percent."""
        text = self.number(ratio * 100, places)
        sign = "+" if signed and not text.startswith(MINUS) and text.strip("0.,") else ""
        return f"{sign}{text}{NO_BREAK if self.lang == 'de' else ''}%"

    def day(self, value: date) -> str:
        """23.11.2026, 23 Nov 2026."""
        if self.lang == "de":
            return f"{value:%d.%m.%Y}"
        return f"{value.day}{NO_BREAK}{self.names['short_months'][value.month - 1]}{NO_BREAK}{value.year}"

    def short_day(self, value: date) -> str:
        """23.11., 23 Nov."""
        if self.lang == "de":
            return f"{value.day}.{value.month}."
        return f"{value.day}{NO_BREAK}{self.names['short_months'][value.month - 1]}"

    def long_day(self, value: date) -> str:
        """23. November 2026, 23 November 2026."""
        dot = "." if self.lang == "de" else ""
        return f"{value.day}{dot}{NO_BREAK}{self.names['months'][value.month - 1]}{NO_BREAK}{value.year}"

    def weekday_and_day(self, value: date) -> str:
        """Mo 23.11.2026, Mon 23 Nov 2026."""
        return f"{self.names['short_weekdays'][value.weekday()]}{NO_BREAK}{self.day(value)}"

    def span(self, start: date, end: date) -> str:
        """A period as short as it stays clear."""
        if start == end:
            return self.day(start)
        first = self.short_day(start) if start.year == end.year else self.day(start)
        return f"{first} – {self.day(end)}"

    def month(self, value: date) -> str:
        """November 2026."""
        return f"{self.names['months'][value.month - 1]}{NO_BREAK}{value.year}"

    def short_month(self, value: date) -> str:
        """Nov 2026."""
        return f"{self.names['short_months'][value.month - 1]}{NO_BREAK}{value.year}"

    def week(self, monday: date) -> str:
        """KW 48/2026, W48/2026: the ISO week."""
        year, number, _ = monday.isocalendar()
        return f"{'KW' + NO_BREAK if self.lang == 'de' else 'W'}{number}/{year}"

    def clock(self, value: datetime) -> str:
        """14:02 Uhr, 14:02; the caller gives local time."""
        return f"{value:%H:%M}{NO_BREAK + 'Uhr' if self.lang == 'de' else ''}"

    def moment(self, value: datetime) -> str:
        """A day and a time; the caller gives local time."""
        return f"{self.day(value.date())}, {self.clock(value)}"


def clean(text: Any) -> str:
    """Free text in one line that HTML and XML can hold.

    Control characters and halves of surrogate pairs become spaces or go; marks that turn the direction of writing
    around go, too: they would reorder what stands beside them.
    """
    kept = (" " if character in "\t\n\r" else character for character in str(text) if _can_stand(character))
    return " ".join("".join(kept).split())


def _can_stand(character: str) -> bool:
    if character in "\t\n\r":
        return True
    code = ord(character)
    is_noncharacter = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    turns_direction = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return not (is_noncharacter or turns_direction or unicodedata.category(character) in ("Cc", "Cs"))
