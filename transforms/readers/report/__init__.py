"""The report page: one HTML file that asks nothing of a network, made from the marts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from transforms.errors import TransformError
from transforms.readers.published import open_published
from transforms.readers.report.figures import Figures
from transforms.readers.report.formats import Formats, Lang
from transforms.readers.report.labels import read_labels
from transforms.readers.report.periods import DEFAULT_DAYS, Period
from transforms.readers.report.records import Coverage
from transforms.readers.whole_file import write_whole

__all__ = ["Lang", "ReportError", "ReportWritten", "write_report"]


class ReportError(TransformError):
    """The page could not be written; what stood there before is untouched."""


@dataclass(frozen=True)
class ReportWritten:
    """What was written.

    Attributes:
        start: First day of the period.
        end: Last day of the period.
    """

    path: Path
    bytes: int
    start: date
    end: date
    lang: Lang


def write_report(
    published: Path,
    output: Path,
    *,
    start: date | None = None,
    end: date | None = None,
    lang: Lang = "de",
    title: str | None = None,
    timezone: str = "Europe/Berlin",
    day_starts_at: int = 0,
    currency: str = "EUR",
    shop_name: str | None = None,
    now: datetime | None = None,
) -> ReportWritten:
    """Write the page about the days from `start` to `end`, both included; readable by its owner only.

    Args:
        start: Default: 30 days up to `end`.
        end: Default: the day on which the data end; if that lies before `start`, `start`.
        title: Heading; default: "Umsatzbericht" or "Sales report".
        shop_name: Stands above the heading; default: the accounts.
        timezone: The shop's clock, as the warehouse was built with.
        day_starts_at: Hour at which a business day begins, as the warehouse was built with.
        now: When the page is said to be created.

    Raises:
        TransformError: There is no warehouse.
        ReportError: `start` lies after `end`, the marts are missing, or the page could not be written.
    """
    import duckdb

    from transforms.readers.report.render import render
    from transforms.readers.report.state import read_coverage

    zone = ZoneInfo(timezone)
    moment = (now or datetime.now(UTC)).astimezone(zone)
    formats = Formats(lang, currency, read_labels(lang).names)
    with closing(open_published(published, timezone)) as connection:
        figures = Figures(connection)
        try:
            coverage = read_coverage(figures, day_starts_at)
            period = _period(start, end, coverage, moment.date())
            html = render(
                figures, period, coverage, formats, title=title, shop_name=shop_name, now=moment, source=published
            )
        except duckdb.CatalogException as fault:
            raise ReportError(
                f"{published} lacks a table that the report reads ({str(fault).splitlines()[0]}). No page was "
                "written. Run `inventorum build` to bring the warehouse up to date."
            ) from fault
    content = html.encode()
    _write(output, content)
    return ReportWritten(output, len(content), period.start, period.end, lang)


def _period(start: date | None, end: date | None, coverage: Coverage, today: date) -> Period:
    known = coverage.today or coverage.last_date or today
    last = end or (max(known, start) if start else known)
    first = start or date.fromordinal(max(1, last.toordinal() - DEFAULT_DAYS + 1))
    if first > last:
        raise ReportError(f"The period ends on {last}, before it begins on {first}. No page was written.")
    return Period(first, last)


def _write(output: Path, content: bytes) -> None:
    """The whole page or the one that stood there before."""
    try:
        write_whole(output, content)
    except OSError as fault:
        raise ReportError(
            f"The page could not be written to {output}: {fault.strerror}. Nothing was changed there."
        ) from fault
