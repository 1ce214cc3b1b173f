"""How windows of one result set are linked without a gap between them.

A window is anchored if it begins at or before the last id that is known. Then no order can lie between it
and what was read, whatever changed between the two requests, and whichever came first.
"""

from __future__ import annotations

import itertools
import operator
from array import array
from dataclasses import dataclass
from datetime import datetime

from pipelines.errors import CrawlError
from pipelines.inventorum.http.pages import Answer, Page
from pipelines.inventorum.reading.page_ranges import PageRange

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


@dataclass(frozen=True)
class Read:
    """An answer without its payloads."""

    page_range: PageRange
    total: int | None
    count: int
    first: int | str | None
    first_id: int | None
    last_id: int | None
    tail: frozenset[str]

    @property
    def end(self) -> int:
        return self.page_range.offset + self.count

    @property
    def is_short(self) -> bool:
        return self.count < self.page_range.limit

    @property
    def owes(self) -> bool:
        """Whether `total` says that rows follow although the answer is short."""
        return self.is_short and self.total is not None and self.total > self.end


@dataclass
class Chain:
    """What is known to be read without a gap.

    Attributes:
        last_id: Everything up to this id was read; None before the first order.
        tail: Odd records read after it, which may anchor a window as an id does.
        rows: Rows at or before the last id, at the moment it was read.
        want: Row at which the next window should begin.
        idle: Windows in a row that led nowhere.
    """

    last_id: int | None = None
    tail: frozenset[str] = frozenset()
    rows: int = 0
    want: int = 0
    idle: int = 0
    began: int | None = None
    at_end: bool = False

    def is_anchored(self, read: Read) -> bool:
        """Whether no row can lie between what is known and this window."""
        if read.page_range.page == 0:
            return True
        if read.first in self.tail:
            return True
        return self.last_id is not None and read.first_id is not None and read.first_id <= self.last_id

    def extend(self, read: Read, overlap: int) -> None:
        """Add an anchored window."""
        is_further = read.last_id is not None and (self.last_id is None or read.last_id > self.last_id)
        leads = is_further or bool(read.tail - self.tail)
        if read.first_id is not None:
            leads = leads or self.began is None or read.first_id > self.began
            self.began = read.first_id
        self.idle = 0 if leads else self.idle + 1
        self.tail = read.tail if is_further else self.tail | read.tail
        if is_further:
            self.last_id = read.last_id
        self.rows = read.end
        self.want = read.end - 1 - overlap
        # whatever matched at that moment and lies behind the window's first row is in a short window
        self.at_end = self.at_end or (read.is_short and not read.owes)

    def ends_with(self, read: Read) -> bool:
        """Whether an anchored window shows nothing behind the last known row."""
        is_further = read.last_id is not None and (self.last_id is None or read.last_id > self.last_id)
        return self.is_anchored(read) and not is_further and not read.tail - self.tail

    def step_back(self, page_range: PageRange) -> None:
        """Begin earlier: the window did not reach what is known."""
        self.want = max(0, page_range.offset - max(1, page_range.limit // 2))
        self.rows = min(self.rows, self.want + 1)


def outline(page_range: PageRange, page: Page | None) -> Read:
    """What linking needs of an answer; None stands for a page that does not exist."""
    if page is None:
        return Read(page_range, None, 0, None, None, None, frozenset())
    ids = [key for key in page.keys if isinstance(key, int)]
    tail = itertools.takewhile(lambda key: isinstance(key, str), reversed(page.keys))
    return Read(
        page_range=page_range,
        total=page.total,
        count=len(page.keys),
        first=page.keys[0] if page.keys else None,
        first_id=ids[0] if ids else None,
        last_id=ids[-1] if ids else None,
        tail=frozenset(key for key in tail if isinstance(key, str)),
    )


class Tally:
    """Enters answers in the facts of their crawl."""

    def __init__(self, facts: CrawlFacts) -> None:
        self._facts = facts
        self._ids = array("q")

    def take(self, page_range: PageRange, answer: Answer | None) -> Read:
        """Count an answer and keep its outline.

        Raises:
            CrawlError: Its ids do not ascend.
        """
        if answer is None:
            return outline(page_range, None)
        page = answer.page
        ids = [key for key in page.keys if isinstance(key, int)]
        if not all(map(operator.lt, ids, ids[1:])):
            raise CrawlError(
                f"The ids of page {page_range.page + self._facts.first_page} (limit {page_range.limit}) do not ascend, "
                "although order_by=id was asked for: orders could be lost without a trace. Nothing of this "
                "crawl counts; the cursor stays."
            )
        self._ids.extend([row.order_id for row in page.orders])
        self._facts.rows += len(page.orders)
        self._facts.rejected += len(page.rejected)
        if page.total is not None:
            self._facts.last_total = page.total
            if self._facts.first_total is None:
                self._facts.first_total = page.total
        return outline(page_range, page)

    def distinct_ids(self) -> int:
        """How many different orders came; sorting takes less memory than a set."""
        ordered = sorted(self._ids)
        return len(ordered) - sum(1 for left, right in itertools.pairwise(ordered) if left == right)
