"""What a crawl reports of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

CAP = 100


@dataclass
class CrawlFacts:
    """What a crawl has done so far; final when it has ended, well or badly.

    Attributes:
        watermark: The server's clock when the crawl began, later than the cursor; None before any answer.
        server_time: The same as the server told it, even if the crawl was refused for it.
        requests: Windows asked for; tries of the client are not counted.
        first_page: Number of the API's first page, as recognised.
        cap: Rows that one answer brings at most, as recognised.
        rows: Orders yielded; those in overlaps count twice.
        rejected: Records for the quarantine; those in overlaps count twice.
        distinct_ids: How many different orders; counted at the end.
        complete: Whether every order that matched throughout was read.
    """

    watermark: datetime | None = None
    server_time: datetime | None = None
    requests: int = 0
    retreats: int = 0
    restarts: int = 0
    first_total: int | None = None
    last_total: int | None = None
    rows: int = 0
    distinct_ids: int = 0
    rejected: int = 0
    first_page: int = 0
    cap: int = CAP
    complete: bool = False
