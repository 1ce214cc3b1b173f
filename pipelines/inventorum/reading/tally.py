"""Counts what the answers of a crawl bring, and keeps their outlines only."""

from __future__ import annotations

import itertools
import operator
from array import array

from pipelines.errors import CrawlError
from pipelines.inventorum.http.pages import Answer
from pipelines.inventorum.reading.chain import Read, outline
from pipelines.inventorum.reading.facts import CrawlFacts
from pipelines.inventorum.reading.page_ranges import PageRange


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
