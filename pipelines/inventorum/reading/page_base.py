"""Numbered pages whose first number is not known for sure: 0 by the documentation, 1 by other accounts."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.errors import EmptyPage, RequestRefused
from pipelines.inventorum.http.pages import Answer
from pipelines.inventorum.reading.chain import CrawlFacts
from pipelines.inventorum.reading.page_ranges import PageRange

NO_SUCH_PAGE = frozenset({400, 404})

Fetch = Callable[[int, int], Answer]
"""Asks for (page, limit) of one result set, ordered by id."""


class Pages:
    """Asks for windows of one result set and finds out where its pages begin.

    Attributes:
        base_is_known: Whether `facts.first_page` is more than a guess.
    """

    def __init__(self, fetch: Fetch, facts: CrawlFacts, *, base_is_known: bool) -> None:
        self._fetch = fetch
        self._facts = facts
        self.base_is_known = base_is_known

    def first(self, page_range: PageRange) -> Answer:
        """The first rows, whatever the number of their page is.

        Raises:
            RequestRefused: Neither page 0 nor page 1 is the first one; the words are those for page 0.
            EmptyPage: The same.
        """
        refusal: RequestRefused | EmptyPage
        try:
            return self._demand(page_range)
        except RequestRefused as error:
            if self.base_is_known or error.status not in NO_SUCH_PAGE:
                raise
            refusal = error
        except EmptyPage as error:
            if self.base_is_known:
                raise
            refusal = error
        self._facts.first_page = 1
        try:
            answer = self._demand(page_range)
            total, count = answer.page.total, len(answer.page.keys)
            is_first = total == count or self._starts_at_one(total, count)
        except (RequestRefused, EmptyPage):
            is_first = False
        if not is_first:
            self._facts.first_page = 0
            raise refusal
        self.base_is_known = True
        return answer

    def is_repeated(self, total: int | None, *, looks_repeated: bool) -> bool:
        """Settle the base by a page after the first; whether it was the first page once more."""
        self.base_is_known = True
        if looks_repeated and self._starts_at_one(total, self._facts.cap):
            self._facts.first_page = 1
            return True
        return False

    def ask(self, page_range: PageRange) -> Answer | None:
        """One window; None if the API says that there is no such page.

        Raises:
            EmptyPage: The page stays empty although `total` says that there is more.
            InventorumError: Whatever else `fetch` raises.
        """
        try:
            return self._demand(page_range)
        except RequestRefused as error:
            if page_range.page == 0 or error.status not in NO_SUCH_PAGE:
                raise
        return None

    def attempt(self, page_range: PageRange) -> tuple[PageRange, Answer | None]:
        """One window of several, from any thread and not counted; what it does not bring is asked for again."""
        try:
            return page_range, self._fetch(page_range.page + self._facts.first_page, page_range.limit)
        except EmptyPage:
            return page_range, None
        except RequestRefused as error:
            if error.status not in NO_SUCH_PAGE:
                raise
            return page_range, None

    def _demand(self, page_range: PageRange) -> Answer:
        self._facts.requests += 1
        answer = self._fetch(page_range.page + self._facts.first_page, page_range.limit)
        total = answer.page.total
        if not answer.page.keys and total is not None and total > page_range.offset:
            raise EmptyPage(
                f"Rows {page_range.offset} to {page_range.end} are empty, although {total} orders match.", total
            )
        return answer

    def _starts_at_one(self, total: int | None, limit: int) -> bool:
        """Whether the last page by a count from one exists; counted from zero it lies behind the end."""
        while total:
            if not limit:
                return False
            page = -(-total // limit)
            self._facts.requests += 1
            try:
                answer = self._fetch(page, limit)
            except (RequestRefused, EmptyPage):
                return False
            now, count = answer.page.total or 0, len(answer.page.keys)
            if count or now >= total:
                return 0 < count == min(limit, now - (page - 1) * limit)
            total = now  # orders disappeared meanwhile: the last page is another one
        return True
