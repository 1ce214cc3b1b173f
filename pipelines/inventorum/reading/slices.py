"""`GET /orders/` read by halving: a slice of time whose orders fit one answer is one snapshot.

The list is sorted by times that change, so its pages cannot be linked as those of /orders/delta/.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from pipelines.errors import CrawlError
from pipelines.inventorum.http.pages import Answer
from pipelines.inventorum.reading.page_ranges import choose

CAP = 40
OVERLAP_ROWS = 5
MOST_TRIES = 20
SECOND = timedelta(seconds=1)
LONGEST_REPEAT = timedelta(hours=6)

FetchSlice = Callable[[datetime, datetime, int, int], Answer]
"""Asks for (start, end, page counted from 0, limit)."""

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Slice:
    """All orders created between two times (UTC), both included.

    Attributes:
        answers: One, unless `is_paged`.
        is_paged: Whether more orders share the shortest possible slice than fit one answer, so that they
            were read in several pages and are no snapshot.
    """

    start: datetime
    end: datetime
    answers: list[Answer]
    is_paged: bool = False


def slices(
    fetch: FetchSlice,
    start: datetime,
    end: datetime,
    *,
    tz: tzinfo,
    cap: int = CAP,
    done: Iterable[Interval] = (),
    executor: Executor | None = None,
    outstanding: int = 8,
) -> Iterator[Slice]:
    """Everything created between two aware times, slice by slice.

    Slices touch at whole seconds that belong to both, so an order may come twice. None begins or ends in
    the hour that clocks repeat in autumn, since the API takes times without a zone.

    Args:
        fetch: Must ask for the same channel each time.
        tz: The account's time zone.
        cap: Orders that fit one answer.
        done: Slices of an earlier, interrupted call: they are not asked for again.
        executor: Runs fetches in parallel; this function must not run in it itself.
        outstanding: How many slices may be under way.

    Raises:
        CrawlError: A slice that cannot be halved any more could not be read page by page either.
        InventorumError: Whatever `fetch` raises.
    """
    begin = _edge(_floor(start), tz, -SECOND)
    last = _edge(_floor(end + SECOND - timedelta(microseconds=1)), tz, SECOND)
    todo = _remaining(begin, last, done)[::-1]

    def read(interval: Interval) -> Slice | list[Interval]:
        return _read(fetch, *interval, tz, cap)

    for result in _each(read, todo, executor, outstanding):
        if isinstance(result, Slice):
            yield result
        else:
            todo += result[::-1]


def _each(
    read: Callable[[Interval], Slice | list[Interval]],
    todo: list[Interval],
    executor: Executor | None,
    outstanding: int,
) -> Iterator[Slice | list[Interval]]:
    """Results for everything in a list that grows meanwhile."""
    if executor is None:
        while todo:
            yield read(todo.pop())
        return
    running: set[Future[Slice | list[Interval]]] = set()
    try:
        while todo or running:
            while todo and len(running) < outstanding:
                running.add(executor.submit(read, todo.pop()))
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            future = finished.pop()
            running.discard(future)
            yield future.result()
    finally:
        for future in running:
            future.cancel()


def _read(fetch: FetchSlice, start: datetime, end: datetime, tz: tzinfo, cap: int) -> Slice | list[Interval]:
    """The slice if it fits one answer, else its halves."""
    answer = fetch(start, end, 0, cap)
    if not _fits(answer, cap) and len(answer.page.keys) < cap:
        answer = fetch(start, end, 0, cap)  # fewer than it owes: cut by accident, or a lower cap
    if _fits(answer, cap):
        return Slice(start, end, [answer])
    middle = _middle(start, end, tz)
    if middle is not None:
        return [(start, middle), (middle, end)]
    return Slice(start, end, _pages(fetch, start, end, answer, cap), is_paged=True)


def _fits(answer: Answer, cap: int) -> bool:
    count, total = len(answer.page.keys), answer.page.total
    return count < cap if total is None else count >= total


def _pages(fetch: FetchSlice, start: datetime, end: datetime, first: Answer, cap: int) -> list[Answer]:
    """A slice page by page, each beginning with a record of those before."""
    answers = [first]
    seen = set(first.page.keys)
    rows = len(seen)
    cap = min(cap, rows)
    want = rows - 1 - OVERLAP_ROWS
    in_vain = 0
    while in_vain < MOST_TRIES:
        window = choose(want, rows, cap)
        answer = fetch(start, end, window.page, window.limit)
        keys = answer.page.keys
        if window.page and (not keys or keys[0] not in seen):
            want = max(0, window.offset - max(1, window.limit // 2))
            rows = min(rows, want + 1)
            in_vain += 1
            continue
        answers.append(answer)
        rows = window.offset + len(keys)
        if len(keys) < window.limit and rows >= (answer.page.total or 0):
            return answers
        in_vain = 0 if set(keys) - seen else in_vain + 1
        seen.update(keys)
        want = rows - 1 - OVERLAP_ROWS
    raise CrawlError(
        f"The orders created between {start.isoformat()} and {end.isoformat()} are too many for one answer and "
        f"their pages do not meet: {MOST_TRIES} tries brought nothing new. What was read before stays; run it "
        "again when fewer orders change."
    )


def _middle(start: datetime, end: datetime, tz: tzinfo) -> datetime | None:
    """A whole second between two times at which a slice may end; None if there is none."""
    middle = _floor(start + (end - start) / 2)
    for candidate in (_edge(middle, tz, -SECOND), _edge(middle, tz, SECOND)):
        if start < candidate < end:
            return candidate
    return None


def _remaining(start: datetime, end: datetime, done: Iterable[Interval]) -> list[Interval]:
    """The parts of an interval that no other covers."""
    parts = []
    for begin, until in sorted(done):
        if begin > start and start < end:
            parts.append((start, min(begin, end)))
        start = max(start, until)
    if start < end:
        parts.append((start, end))
    return parts


def _floor(moment: datetime) -> datetime:
    """The whole second, in UTC."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _edge(moment: datetime, tz: tzinfo, direction: timedelta) -> datetime:
    """The moment, or the nearest second in this direction that the account's clocks show only once."""
    if not _is_repeated(moment, tz):
        return moment
    inside, outside = moment, moment + direction * (LONGEST_REPEAT // SECOND)
    while abs(outside - inside) > SECOND:
        between = _floor(inside + (outside - inside) / 2)
        if _is_repeated(between, tz):
            inside = between
        else:
            outside = between
    return outside


def _is_repeated(moment: datetime, tz: tzinfo) -> bool:
    wall = moment.astimezone(tz)
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
