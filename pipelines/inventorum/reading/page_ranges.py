"""Ranges of pages (the windows of the reading protocol): which reach furthest, and how several are fetched at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class PageRange(NamedTuple):
    """A page as a range of rows; `page` counts from 0, whatever number the API's first page has."""

    page: int
    limit: int

    @property
    def offset(self) -> int:
        """Rows before the first."""
        return self.page * self.limit

    @property
    def end(self) -> int:
        """Rows up to and with the last."""
        return self.offset + self.limit


def choose(want: int, rows: int, cap: int) -> PageRange:
    """The range that begins at row `want` or before and reaches furthest.

    It always reaches past row `rows`: where none could, it begins later, at the last known row at most.
    """
    begin = max(0, want)
    while True:
        limit = max(range(1, cap + 1), key=lambda limit: limit - begin % limit)
        page_range = PageRange(begin // limit, limit)
        if page_range.end > rows or begin >= rows - 1:
            return page_range
        begin += 1


def around(row: int) -> PageRange:
    """The smallest range that holds both the row before `row` and `row` itself (rows count from 0, row > 0)."""
    limit = next(limit for limit in range(2, row + 3) if row % limit)
    return PageRange(row // limit, limit)


class Gather(Protocol):
    """Runs a function over many arguments, several at once, and gives the results in the order they come.

    It must not run far ahead of whoever takes the results.
    """

    def __call__(self, fetch: Callable[[PageRange], T], page_ranges: Iterator[PageRange]) -> Generator[T, None, None]:
        """Results as they come; an error of `fetch` is raised."""
        ...


def in_threads(executor: Executor, outstanding: int) -> Gather:
    """Fetch in the threads of an executor; at most `outstanding` results are under way or not yet taken."""

    def gather(fetch: Callable[[PageRange], T], page_ranges: Iterator[PageRange]) -> Generator[T, None, None]:
        running: set[Future[T]] = set()
        try:
            while True:
                while len(running) < outstanding and (page_range := next(page_ranges, None)) is not None:
                    running.add(executor.submit(fetch, page_range))
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                future = done.pop()
                running.discard(future)
                yield future.result()
        finally:
            for future in running:
                future.cancel()

    return gather
