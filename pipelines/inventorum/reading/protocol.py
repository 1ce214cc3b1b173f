"""The reading protocol: overlapping windows ordered by id, so that no order is lost while orders change.

Pure: whatever fetches a window is passed in. Every answer is one snapshot in ascending order of ids. A
window counts only if it begins at or before the last id that is known (it is anchored); then no order can
lie between it and what was read, whatever changed between the two requests, and whichever came first.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipelines.errors import CrawlError, EmptyPage
from pipelines.inventorum.http.pages import Answer
from pipelines.inventorum.reading.chain import CAP, Chain, CrawlFacts, Read, Tally
from pipelines.inventorum.reading.page_base import Fetch, Pages
from pipelines.inventorum.reading.page_ranges import Gather, PageRange, around, choose, in_threads

__all__ = ["CAP", "Crawl", "CrawlFacts", "Fetch", "crawl"]

OVERLAP_ROWS = 5
MOST_RETREATS = 20
FORGIVEN = 0.25  # of a retreat, for each window that links: long crawls may have more of both
MOST_RESTARTS = 3
MOST_IDLE_WINDOWS = 3
MOST_NEEDLESS = 500
FEW_ROWS = 20
LEAST_CAP = 7  # below, too many row numbers are divisible by every limit, and no window holds both sides
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


def crawl(
    fetch: Fetch,
    *,
    cap: int = CAP,
    first_page: int | None = None,
    overlap_rows: int = OVERLAP_ROWS,
    executor: Executor | None = None,
    outstanding: int = 8,
    gather: Gather | None = None,
    cursor: datetime | None = None,
    max_backstep: timedelta = timedelta(minutes=7, seconds=30),
    not_after: datetime | None = None,
) -> Crawl:
    """Read one result set of `GET /orders/delta/` completely: iterate over what this returns, once.

    Args:
        fetch: Must ask for `order_by=id` and for the same filter each time.
        cap: Rows to ask for at most. Windows can overlap anywhere only if no row number that occurs is
            divisible by all of 1 … cap: 20 and more do for 200 million orders.
        first_page: 0 or 1 if it is known, None to find out.
        overlap_rows: Rows by which a window begins before the end of what is known.
        executor: Runs fetches in parallel; crawls may share one, but must not run in it themselves.
        outstanding: How many fetches of this crawl may be under way or wait to be taken.
        gather: How to fetch several windows, instead of an executor.
        cursor: Watermark of the last complete crawl.
        max_backstep: How far the server's clock may lie behind the cursor.
        not_after: The latest time that the server's clock may show; None: any.
    """
    if gather is None and executor is not None:
        gather = in_threads(executor, outstanding)
    return Crawl(fetch, cap, first_page, overlap_rows, gather, cursor, max_backstep, not_after)


class _Restart(Exception):
    pass


class Crawl:
    """One crawl. `facts` can be read at any time, `watermark` from the first answer on."""

    def __init__(
        self,
        fetch: Fetch,
        cap: int,
        first_page: int | None,
        overlap_rows: int,
        gather: Gather | None,
        cursor: datetime | None,
        max_backstep: timedelta,
        not_after: datetime | None,
    ) -> None:
        self.facts = CrawlFacts(first_page=first_page or 0, cap=cap)
        self._pages = Pages(fetch, self.facts, base_is_known=first_page is not None)
        self._overlap = overlap_rows
        self._gather = gather
        self._cursor = cursor
        self._max_backstep = max_backstep
        self._not_after = not_after
        self._tally = Tally(self.facts)
        self._take = self._tally.take
        self._chain = Chain()
        self._pages_lead_on = False
        self._first_key: int | str | None = None
        self._waiting: list[Read] = []  # read, but not linked yet; the next one last
        self._retreats = 0.0

    @property
    def watermark(self) -> datetime:
        """The cursor column of every row of this crawl."""
        if self.facts.watermark is None:
            raise ValueError("the crawl has no answer yet")
        return self.facts.watermark

    def __iter__(self) -> Iterator[Answer]:
        """Answers as they come.

        Every order in them was really sent, but only a crawl that ends without an error is complete.

        Raises:
            CrawlError: The API broke an assumption of the protocol.
            InventorumError: Whatever `fetch` raises.
        """
        try:
            while True:
                try:
                    yield from self._pass()
                    break
                except _Restart as signal:
                    reason = str(signal)
                self._begin_anew(reason)
            self.facts.complete = True
        finally:
            self.facts.distinct_ids = self._tally.distinct_ids()

    def _begin_anew(self, reason: str) -> None:
        if self.facts.restarts == MOST_RESTARTS:
            raise CrawlError(
                f"The crawl was begun anew {MOST_RESTARTS} times and still does not hold together: {reason}. "
                "Nothing of it counts; the cursor stays. Run it again when fewer orders change."
            )
        self.facts.restarts += 1
        self._chain = Chain()
        self._waiting = []
        self._retreats = 0.0
        self._pages_lead_on = False

    def _pass(self) -> Iterator[Answer]:
        """Read from the first row to the end."""
        yield from self._first()
        while not self._chain.at_end:
            if self._gather is not None and self._pages_lead_on and not self._waiting and self._is_far():
                known = self._chain.last_id
                yield from self._round(self._gather)
                if self._chain.at_end or self._chain.last_id != known:
                    continue
            yield from self._step()
            if self._chain.idle >= MOST_IDLE_WINDOWS:
                raise CrawlError(
                    f"Paging makes no progress: {MOST_IDLE_WINDOWS} windows after order {self._chain.last_id} "
                    f"brought nothing new, although they were full (total {self.facts.last_total}). "
                    "Nothing of this crawl counts; the cursor stays."
                )
            self._stop_a_runaway()

    def _stop_a_runaway(self) -> None:
        total, cap, asked = self.facts.last_total, self.facts.cap, self.facts.requests
        if total is not None and asked > MOST_NEEDLESS + 10 * total / cap:
            raise CrawlError(
                f"{asked} windows of up to {cap} orders were read, although only {total} orders match, and the end "
                "is not reached. Nothing of this crawl counts; the cursor stays. Run it again when fewer orders change."
            )

    def _first(self) -> Iterator[Answer]:
        """The first rows, alone: they give the clock, the base of the pages and the cap."""
        page_range = PageRange(0, self.facts.cap)
        answer = self._pages.first(page_range)
        if self.facts.watermark is None:
            self.facts.server_time = began_at(answer)
            self.facts.watermark = watermark_of(answer, self._cursor, self._max_backstep, self._not_after)
        read = self._take(page_range, answer)
        yield answer
        if read.owes and read.count < FEW_ROWS:  # a cap that low is rather an accident
            again = self._pages.ask(page_range)
            if again is not None:
                read = self._take(page_range, again)
                yield again
        self._first_key = read.first
        if read.owes and read.count >= LEAST_CAP:
            self.facts.cap = read.count
            read = replace(read, page_range=PageRange(0, read.count))
        self._chain.extend(read, self._overlap)
        if read.owes:
            if (yield from self._follows(read.count)):
                raise _Restart(f"the API gives {read.count} orders at a time, although more follow")
            self._chain.at_end = True  # `total` counts what the API does not show

    def _step(self) -> Iterator[Answer]:
        """One window, the next that is needed."""
        page_range = choose(self._chain.want, self._chain.rows, self.facts.cap)
        answer = self._pages.ask(page_range)
        read = self._take(page_range, answer)
        if answer is not None:
            yield answer
        if not self._pages.base_is_known and page_range.page and read.first is not None:
            looks_repeated = read.first == self._first_key
            if self._pages.is_repeated(read.total, looks_repeated=looks_repeated):
                return
        is_linked = self._link(read)
        self._pages_lead_on = is_linked and self._chain.idle == 0
        if is_linked and read.owes:
            idle = self._chain.idle
            yield from self._settle_end(page_range)
            self._chain.idle = idle

    def _settle_end(self, page_range: PageRange) -> Iterator[Answer]:
        """A short window whose `total` promises more: at its end, cut, or a cap that was lowered?"""
        answer = self._pages.ask(page_range)
        again = self._take(page_range, answer)
        if answer is not None:
            yield answer
        if not self._link(again) or not again.owes:
            return
        page_range = around(again.end)
        answer = self._pages.ask(page_range)
        probe = self._take(page_range, answer)
        if answer is not None:
            yield answer
        shows_nothing_new = probe.first is not None and self._chain.ends_with(probe)
        if shows_nothing_new and probe.is_short and probe.last_id == again.last_id:
            self._chain.at_end = True  # `total` counts what the API does not show
            return
        if FEW_ROWS <= again.count < self.facts.cap:
            self.facts.cap = again.count
        if shows_nothing_new or (probe.first is not None and not self._chain.is_anchored(probe)):
            raise _Restart("answers are shorter than asked, although more orders follow")
        self._link(probe)

    def _follows(self, rows: int) -> Generator[Answer, None, bool]:
        """Whether more follow after the first few rows, by a window that even the lowest cap honours."""
        page_range = around(rows) if rows > 2 else PageRange(rows, 1)
        try:
            answer = self._pages.ask(page_range)
        except EmptyPage:
            return False
        probe = self._take(page_range, answer)
        if answer is not None:
            yield answer
        return probe.first is not None and not self._chain.ends_with(probe)

    def _round(self, gather: Gather) -> Iterator[Answer]:
        """All windows that `total` promises, several at once, then linked as far as they meet."""
        reads: list[Read] = []
        with closing(gather(self._pages.attempt, self._plan(reads))) as results:
            for page_range, answer in results:
                read = self._take(page_range, answer)
                reads.append(read)
                if answer is not None:
                    yield answer
        self._waiting = sorted(
            (read for read in reads if read.first is not None),
            key=lambda read: (read.first_id is None, read.first_id or 0),
            reverse=True,
        )
        self._link_waiting()

    def _plan(self, reads: list[Read]) -> Iterator[PageRange]:
        """Windows up to `total`, or up to the end if an answer shows that it comes sooner."""
        want, rows, seen, end = self._chain.want, self._chain.rows, 0, self.facts.last_total or 0
        while rows <= end:
            page_range = choose(want, rows, self.facts.cap)
            if page_range.end <= rows:
                return
            self.facts.requests += 1
            yield page_range
            rows, want = page_range.end, page_range.end - 1 - self._overlap
            end = min([end, *(read.end for read in reads[seen:] if read.is_short)])
            seen = len(reads)

    def _link(self, read: Read) -> bool:
        """Add a window to what is known; if it is not anchored, begin earlier with the next one."""
        if self._chain.is_anchored(read):
            self._chain.extend(read, self._overlap)
            self._retreats = max(0.0, self._retreats - FORGIVEN)
            self._link_waiting()
            return True
        self.facts.retreats += 1
        self._retreats += 1
        if self._retreats >= MOST_RETREATS:
            raise _Restart(f"{MOST_RETREATS} windows did not reach back to what was read")
        self._chain.step_back(read.page_range)
        return False

    def _link_waiting(self) -> None:
        """Link windows of the last round as far as they meet."""
        while self._waiting:
            read = self._waiting[-1]
            if not self._chain.is_anchored(read):
                read = next((other for other in self._waiting if other.first in self._chain.tail), read)
                if not self._chain.is_anchored(read):
                    return
            self._waiting.remove(read) if read is not self._waiting[-1] else self._waiting.pop()
            if not self._chain.ends_with(read) or read.is_short:
                self._chain.extend(read, self._overlap)

    def _is_far(self) -> bool:
        """Whether more than one window seems to be missing."""
        total = self.facts.last_total
        return total is not None and total - self._chain.rows > self.facts.cap


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
