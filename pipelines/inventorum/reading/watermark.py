"""The server's clock as the cursor of a crawl; our own clock is never asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipelines.errors import CrawlError
from pipelines.inventorum.http.pages import Answer

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


def watermark_of(first: Answer, cursor: datetime | None, max_backstep: timedelta) -> datetime:
    """When a crawl began by the server's clock, in any case later than the cursor.

    Args:
        first: The crawl's first answer.
        cursor: Watermark of the last complete crawl.
        max_backstep: How far the server's clock may lie behind the cursor.

    Raises:
        CrawlError: It lies further behind: changes could hide behind the cursor.
    """
    began = first.date - timedelta(seconds=first.seconds)
    if cursor is None:
        return began
    if cursor - began > max_backstep:
        safe = _zulu(began - DAY)
        raise CrawlError(
            f"The server's clock says {_zulu(began)}, but the last crawl ended at {_zulu(cursor)}: it was set back, "
            "and changes may hide behind the cursor. Nothing was loaded; the cursor stays. Run `inventorum sync "
            f"--from {safe}` (earlier, if the clock was set back more than a day ago), and once more when the "
            f"server's clock has passed {_zulu(cursor)}: until then a sync without --from ends here."
        )
    return max(began, cursor + MICROSECOND)


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
