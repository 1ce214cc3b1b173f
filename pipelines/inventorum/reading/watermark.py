"""The server's clock as the cursor of a crawl."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipelines.errors import CrawlError
from pipelines.inventorum.http.pages import Answer

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


def watermark_of(
    first: Answer, cursor: datetime | None, max_backstep: timedelta, not_after: datetime | None = None
) -> datetime:
    """When a crawl began by the server's clock, in any case later than the cursor.

    Args:
        first: The crawl's first answer.
        cursor: Watermark of the last complete crawl.
        max_backstep: How far the server's clock may lie behind the cursor.
        not_after: See refuse_ahead.

    Raises:
        CrawlError: It lies further behind, so that changes could hide behind the cursor; or too far ahead.
    """
    refuse_ahead(first, not_after)
    began = began_at(first)
    if cursor is None:
        return began
    if cursor - began > max_backstep:
        safe = _zulu(began - DAY)
        raise CrawlError(
            f"The server's clock says {_zulu(began)}, but the last crawl ended at {_zulu(cursor)}: it was set back, "
            "and changes may hide behind the cursor. Nothing was loaded; the cursor stays. The first sync after the "
            f"server's clock has passed {_zulu(cursor)} reads from {safe} or earlier; until then a sync ends here. "
            f"If it cannot wait, run `inventorum sync --from {safe}`, and once more when the server's clock has passed "
            f"{_zulu(cursor)}."
        )
    return max(began, cursor + MICROSECOND)


def began_at(first: Answer) -> datetime:
    """When a crawl began, as the server tells it."""
    return first.date - timedelta(seconds=first.seconds)


def refuse_ahead(answer: Answer, not_after: datetime | None) -> None:
    """Make sure that an answer's time can have come.

    Args:
        not_after: The latest time that other clocks allow; None: there is no other clock to be believed.

    Raises:
        CrawlError: It is later.
    """
    if not_after is None or answer.date <= not_after:
        return
    raise CrawlError(
        f"The server's clock says {_zulu(answer.date)}, but by every other clock it cannot be later than "
        f"{_zulu(not_after)}: refunds and closed days would stand in the future. Nothing was loaded; the cursor "
        "stays. If this machine's clock is behind, set it (`inventorum doctor` compares both); else run the command "
        "again when the server's clock is right."
    )


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
