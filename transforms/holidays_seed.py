"""Writes `sql/seeds/public_holidays.csv` from the `holidays` library: `python -m transforms.holidays_seed`.

Run it after an upgrade of the library; a test holds that the file equals the library's answer.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from pathlib import Path

FIRST_YEAR = 2010
LAST_YEAR = 2040
STATES = ("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH")
COLUMNS = ("holiday_date", "name_de", "name_en", "states")
SEED = Path(__file__).resolve().parent.parent / "sql" / "seeds" / "public_holidays.csv"


def holiday_rows() -> list[tuple[date, str, str, str]]:
    """One row per date and holiday: date, German name, English name, codes of the states that keep it.

    Only holidays that the law of a whole state declares; those of single municipalities are left out.
    """
    import holidays

    states: dict[tuple[date, str, str], list[str]] = defaultdict(list)
    for state in STATES:
        german, english = (
            holidays.country_holidays("DE", subdiv=state, years=range(FIRST_YEAR, LAST_YEAR + 1), language=name)
            for name in ("de", "en_US")
        )
        for day in german:
            names = zip(german.get_list(day), english.get_list(day), strict=True)
            for name_de, name_en in names:
                states[day, name_de, name_en].append(state)
    return sorted((day, name_de, name_en, " ".join(kept)) for (day, name_de, name_en), kept in states.items())


def seed_text() -> str:
    """The seed file's whole text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(holiday_rows())
    return text.getvalue()


def main() -> None:
    """Write the seed file of the checkout."""
    SEED.write_text(seed_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
