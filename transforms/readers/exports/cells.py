"""Values as cells: text that no spreadsheet takes for a formula, numbers and times in two languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

# What makes Excel, LibreOffice and Google Sheets read a cell as a formula (OWASP, "CSV Injection"); the wide forms
# of the signs do so in East Asian editions.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = Callable[[Any], str]


def is_risky(text: str) -> bool:
    """Whether a spreadsheet might take this text for a formula."""
    return text.startswith(FORMULA_STARTS) or text.lstrip(" \u00a0").startswith(FORMULA_STARTS)


def harmless(text: str) -> str:
    """The text; behind an apostrophe if a spreadsheet might take it for a formula."""
    return f"'{text}" if is_risky(text) else text


def international(value: Any) -> str:
    """A cell as programs read it: decimal point, ISO 8601, true/false, empty for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _other(value)


def german(value: Any) -> str:
    """A cell as German spreadsheets read it: decimal comma, 31.12.2026, ja/nein, empty for null."""
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, Decimal):
        return format(value, "f").replace(".", ",")
    if isinstance(value, datetime):
        return value.strftime("%d.%m.%Y %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    return international(value)


def _other(value: Any) -> str:
    """Whole numbers as they are, lists and structures as JSON."""
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list | dict | tuple):
        return harmless(json.dumps(value, ensure_ascii=False, default=international))
    return harmless(str(value))
