"""What the reading protocol recognises, refuses and reports."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import Raw

from pipelines.errors import ApiError, CrawlError, EmptyPage, RequestRefused
from pipelines.inventorum.http.pages import Answer, OrderRow, Page, Rejected
from pipelines.inventorum.reading.page_ranges import PageRange, around, choose
from pipelines.inventorum.reading.protocol import MOST_RESTARTS, MOST_RETREATS, Crawl, CrawlFacts, crawl

DATE = datetime(2026, 11, 23, 8, tzinfo=UTC)
Key = int | str


def answer(keys: list[Key], total: int | None, **options: Any) -> Answer:
    """An answer whose rejected records are the keys that are text."""
    orders = [OrderRow(key, "ipad", 0, Raw(b"{}"), "") for key in keys if isinstance(key, int)]
    rejected = [Rejected("odd", None, key) for key in keys if isinstance(key, str)]
    return Answer(Page(total, orders, rejected, keys), **({"date": DATE} | options))


class Listing:
    """A result set that stands still, served with all kinds of habits."""

    def __init__(self, keys: list[Key] | range, *, cap: int = 100, base: int = 0, before: str = "404") -> None:
        self.keys = list(keys)
        self.cap = cap
        self.base = base
        self.before = before
        self.total_error: int | None = 0
        self.asked: list[tuple[int, int]] = []
        self._lock = threading.Lock()

    def __call__(self, page: int, limit: int) -> Answer:
        with self._lock:
            self.asked.append((page, limit))
        total = None if self.total_error is None else len(self.keys) + self.total_error
        if page < self.base:
            if self.before == "empty":
                raise EmptyPage("empty", len(self.keys))
            if self.before != "repeat":
                raise RequestRefused("no such page", status=int(self.before))
            page = self.base
        limit = min(limit, self.cap)
        begin = (page - self.base) * limit
        keys = self.keys[begin : begin + limit]
        if not keys and total is not None and total > begin:
            raise EmptyPage("empty", total)
        return answer(keys, total)


def read(fetch: Callable[[int, int], Answer], **options: Any) -> tuple[set[Key], CrawlFacts]:
    """Everything that a crawl yields, and its facts."""
    reading = crawl(fetch, **options)
    found: set[Key] = set()
    for one in reading:
        found |= set(one.page.keys)
    assert reading.facts.complete
    return found, reading.facts


@pytest.fixture(params=[None, 4], ids=["in order", "in threads"])
def options(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Options of a crawl: one request after the other, or in the threads of an executor."""
    if request.param is None:
        yield {}
        return
    with ThreadPoolExecutor(request.param) as executor:
        yield {"executor": executor}


@pytest.mark.parametrize("count", [0, 1, 7, 99, 100, 101, 194, 195, 200, 1234])
def test_everything_is_read_once_in_about_nine_percent_more_requests(count: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, count + 1))
    found, facts = read(listing, **options)
    assert found == set(listing.keys)
    assert facts.distinct_ids == count
    assert facts.first_total == facts.last_total == count
    assert facts.requests == len(listing.asked) <= 1 + count / 94 + 1
    assert (facts.retreats, facts.restarts, facts.rejected) == (0, 0, 0)
    assert facts.rows >= count


@pytest.mark.parametrize("before", ["400", "404", "empty", "repeat"])
@pytest.mark.parametrize("count", [1, 99, 100, 101, 250, 1000])
@pytest.mark.parametrize("cap", [100, 40])
def test_pages_that_start_at_one_are_recognised(before: str, count: int, cap: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, count + 1), base=1, before=before, cap=cap)
    found, facts = read(listing, **options)
    assert found == set(listing.keys)
    if count > cap or before != "repeat":
        assert facts.first_page == 1


def test_a_known_first_page_is_not_questioned(options: dict[str, Any]) -> None:
    listing = Listing(range(1, 501), base=1)
    found, _ = read(listing, first_page=1, **options)
    assert found == set(listing.keys)
    assert all(page >= 1 for page, _ in listing.asked)


@pytest.mark.parametrize("count", [50, 150, 1000])
def test_a_first_page_that_fails_for_a_moment_is_not_taken_for_a_base_of_one(
    count: int, options: dict[str, Any]
) -> None:
    listing = Listing(range(1, count + 1))

    def fetch(page: int, limit: int) -> Answer:
        if not listing.asked:
            listing.asked.append((page, limit))
            raise RequestRefused("for a moment", status=400)
        return listing(page, limit)

    with pytest.raises(RequestRefused, match="for a moment"):
        read(fetch, **options)


def test_a_refusal_of_the_channel_stays_what_it_is() -> None:
    def refuse(page: int, limit: int) -> Answer:
        raise RequestRefused(f"no such channel (page {page})", status=400)

    with pytest.raises(RequestRefused, match=r"no such channel \(page 0\)"):
        read(refuse)


@pytest.mark.parametrize("cap", [8, 20, 25, 40, 99])
def test_a_lower_cap_than_asked_is_recognised(cap: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, 351), cap=cap)
    found, facts = read(listing, **options)
    assert found == set(listing.keys)
    assert facts.cap == cap


@pytest.mark.parametrize("cap", [20, 40])
def test_a_cap_that_is_lowered_in_the_middle_is_recognised(cap: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, 1001))

    def fetch(page: int, limit: int) -> Answer:
        if len(listing.asked) == 4:
            listing.cap = cap
        return listing(page, limit)

    found, facts = read(fetch, **options)
    assert found == set(listing.keys)
    assert facts.cap == cap


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_a_page_that_brings_less_than_it_owes_is_not_taken_for_the_end(cut: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, 1001))

    def fetch(page: int, limit: int) -> Answer:
        whole = listing(page, limit)
        if len(listing.asked) == cut:
            return answer(whole.page.keys[:37], whole.page.total)
        return whole

    found, _ = read(fetch, **options)
    assert found == set(listing.keys)


@pytest.mark.parametrize("error", [-100, -1, 1, 5, 150, None])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 30, 100, 500])
def test_a_total_that_is_wrong_or_missing_costs_requests_but_no_orders(
    error: int | None, count: int, options: dict[str, Any]
) -> None:
    listing = Listing(range(1, count + 1))
    listing.total_error = error
    found, facts = read(listing, **options)
    assert found == set(listing.keys)
    assert facts.last_total == (None if error is None else count + error)


def test_an_api_that_gives_nothing_although_orders_match_is_no_empty_shop(options: dict[str, Any]) -> None:
    with pytest.raises(EmptyPage, match="7 orders match"):
        read(lambda page, limit: answer([], 7), **options)


@pytest.mark.parametrize("keys", [[1, 3, 2], [1, 1], [5, 4]], ids=str)
def test_ids_that_do_not_ascend_stop_the_crawl_with_the_window_named(keys: list[Key]) -> None:
    with pytest.raises(CrawlError, match=r"page 0 \(limit 100\) do not ascend") as caught:
        read(lambda page, limit: answer(keys, 3))
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("total", [1000, 1001, 10**12])
def test_an_api_that_ignores_pages_is_no_progress(total: int, options: dict[str, Any]) -> None:
    asked = []

    def fetch(page: int, limit: int) -> Answer:
        asked.append(page)
        return answer(list(range(1, limit + 1)), total)

    with pytest.raises(CrawlError, match="Paging makes no progress: 3 windows after order 100"):
        read(fetch, **options)
    assert len(asked) < 10


@pytest.mark.parametrize("cap", [1, 2, 3, 4, 5, 6, 7, 8])
def test_a_cap_far_below_what_was_asked_is_never_taken_for_the_end(cap: int, options: dict[str, Any]) -> None:
    for count in range(1, 130):
        listing = Listing(range(1, count + 1), cap=cap)
        try:
            found, _ = read(listing, **options)
        except CrawlError:
            assert cap < 8
            assert cap < count
        else:
            assert found == set(listing.keys)


@pytest.mark.parametrize("shown", [1, 2, 3, 5, 6, 7, 12, 60, 100, 420])
@pytest.mark.parametrize("hidden", [1, 2, 50, 500])
@pytest.mark.parametrize(("base", "known"), [(0, None), (0, 0), (1, 1)])
def test_orders_that_only_total_counts_are_not_waited_for(
    shown: int, hidden: int, base: int, known: int | None, options: dict[str, Any]
) -> None:
    listing = Listing(range(1, shown + 1), base=base)
    listing.total_error = hidden
    found, facts = read(listing, first_page=known, **options)

    assert found == set(listing.keys)
    assert facts.complete
    assert (facts.restarts, facts.retreats) == (0, 0)


@pytest.mark.parametrize("count", [12, 24, 60, 420])
@pytest.mark.parametrize("cap", [3, 4, 6])
def test_a_cap_too_low_for_windows_to_overlap_ends_in_a_message(count: int, cap: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, count + 2), cap=cap)
    try:
        found, _ = read(listing, cap=cap, **options)
        assert found == set(listing.keys)
    except CrawlError as error:
        assert "no progress" in str(error)  # noqa: PT017
    assert len(listing.asked) < 1000


def test_a_total_beyond_all_reason_does_not_lead_beyond_the_end(options: dict[str, Any]) -> None:
    listing = Listing(range(1, 1001))
    listing.total_error = 10**12
    found, facts = read(listing, **options)
    assert found == set(listing.keys)
    assert facts.requests < 60


def test_windows_that_never_meet_end_after_three_restarts() -> None:
    """Each answer lies behind all that was read before."""
    last = 0

    def fetch(page: int, limit: int) -> Answer:
        nonlocal last
        first = last + 10 if page else last + 1
        keys: list[Key] = list(range(first, first + limit))
        last = keys[-1]  # type: ignore[assignment]
        return answer(keys, 10**6)

    reading = crawl(fetch)
    with pytest.raises(CrawlError, match="begun anew 3 times"):
        list(reading)
    assert reading.facts.restarts == MOST_RESTARTS
    assert not reading.facts.complete


def test_an_api_that_always_has_more_than_it_says_is_left_in_the_end() -> None:
    reading = crawl(lambda page, limit: answer(list(range(page * limit + 1, page * limit + limit + 1)), 50))
    with pytest.raises(CrawlError, match="although only 50 orders match"):
        list(reading)
    assert reading.facts.requests < 600


def test_a_few_retreats_lead_back_to_what_was_read() -> None:
    listing = Listing(range(1, 1001))

    def fetch(page: int, limit: int) -> Answer:
        if len(listing.asked) == 5:
            del listing.keys[:300]
        return listing(page, limit)

    found, facts = read(fetch)
    assert set(range(301, 1001)) <= found
    assert 1 <= facts.retreats < MOST_RETREATS


def test_a_gap_in_a_round_is_filled_without_reading_the_rest_again(options: dict[str, Any]) -> None:
    listing = Listing(range(1, 5001))

    def fetch(page: int, limit: int) -> Answer:
        if len(listing.asked) == 20:
            listing.keys = [key for key in listing.keys if not 500 <= key <= 530]  # type: ignore[operator]
        return listing(page, limit)

    found, facts = read(fetch, **options)
    assert set(listing.keys) <= found
    assert facts.requests < 70


@pytest.mark.parametrize("status", [400, 404])
def test_a_page_behind_the_end_may_be_refused(status: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, 1001))

    def fetch(page: int, limit: int) -> Answer:
        if len(listing.asked) == 3:
            del listing.keys[300:]
        if page * limit >= len(listing.keys):
            raise RequestRefused("no such page", status=status)
        return listing(page, limit)

    found, _ = read(fetch, **options)
    assert set(listing.keys) <= found


@pytest.mark.parametrize("status", [405, 409, 422])
def test_another_refusal_in_the_middle_ends_the_crawl(status: int, options: dict[str, Any]) -> None:
    listing = Listing(range(1, 1001))

    def fetch(page: int, limit: int) -> Answer:
        if page:
            raise RequestRefused("why", status=status)
        return listing(page, limit)

    with pytest.raises(RequestRefused, match="why"):
        read(fetch, **options)


ODD_PLACES = {
    "first": range(1),
    "the last of a window": range(99, 100),
    "the first of a window": range(94, 95),
    "the whole overlap": range(90, 105),
    "a whole window": range(90, 300),
    "the last": range(499, 500),
    "the last page": range(380, 500),
    "every other": range(0, 500, 2),
    "all": range(500),
}


@pytest.mark.parametrize("places", ODD_PLACES.values(), ids=ODD_PLACES.keys())
@pytest.mark.parametrize("base", [0, 1])
def test_rejected_records_do_not_break_the_paging(places: range, base: int, options: dict[str, Any]) -> None:
    keys: list[Key] = list(range(1, 501))
    for place in places:
        keys[place] = f"odd {place}"
    found, facts = read(Listing(keys, base=base, before="repeat"), **options)
    assert found == set(keys)
    assert facts.rejected >= len(places)
    assert facts.distinct_ids == 500 - len(places)


def test_the_watermark_is_the_servers_clock_when_the_first_request_was_sent() -> None:
    reading = crawl(lambda page, limit: answer([1], 1, seconds=2.5))
    with pytest.raises(ValueError, match="no answer yet"):
        _ = reading.watermark
    for _ in reading:
        assert reading.watermark == DATE - timedelta(seconds=2.5)


def test_the_watermark_is_later_than_the_cursor_even_if_the_clock_is_not() -> None:
    cursor = DATE + timedelta(minutes=5)
    reading = crawl(lambda page, limit: answer([1], 1), cursor=cursor, max_backstep=timedelta(minutes=7))
    list(reading)
    assert reading.watermark == cursor + timedelta(microseconds=1)


def test_a_clock_that_was_set_back_stops_the_crawl_before_anything_is_yielded() -> None:
    cursor = DATE + timedelta(hours=1)
    reading = crawl(lambda page, limit: answer([1], 1), cursor=cursor, max_backstep=timedelta(minutes=7, seconds=30))
    with pytest.raises(CrawlError) as caught:
        next(iter(reading))
    message = str(caught.value)
    assert "2026-11-23T08:00:00Z" in message
    assert "2026-11-23T09:00:00Z" in message
    assert "`inventorum sync --from 2026-11-22T08:00:00Z`" in message
    assert list(crawl(lambda page, limit: answer([1], 1), cursor=cursor, max_backstep=timedelta.max))


def test_a_fault_leaves_the_facts_of_what_was_done(options: dict[str, Any]) -> None:
    listing = Listing(range(1, 1001))

    def fetch(page: int, limit: int) -> Answer:
        if page * limit > 500:
            raise ApiError("the network failed")
        return listing(page, limit)

    reading = crawl(fetch, **options)
    with pytest.raises(ApiError, match="the network failed"):
        list(reading)
    assert not reading.facts.complete
    assert reading.facts.requests >= 3
    assert reading.facts.distinct_ids >= 100
    assert reading.facts.watermark == DATE


@pytest.mark.long
def test_no_more_answers_wait_than_allowed_and_none_is_kept() -> None:
    listing = Listing(range(1, 100_001))
    given: list[weakref.ref[Answer]] = []
    most = 0

    def fetch(page: int, limit: int) -> Answer:
        one = listing(page, limit)
        given.append(weakref.ref(one))
        return one

    with ThreadPoolExecutor(4) as executor:
        reading = crawl(fetch, executor=executor, outstanding=6)
        for number, _ in enumerate(reading):
            if number % 50 == 0:
                gc.collect()
                most = max(most, sum(one() is not None for one in given))
    assert reading.facts.distinct_ids == 100_000
    assert most <= 6 + 4


def test_crawls_in_threads_of_their_own_share_one_small_executor() -> None:
    listings = [Listing(range(1, 2001)) for _ in range(7)]
    with ThreadPoolExecutor(2) as executor, ThreadPoolExecutor(7) as channels:
        results = channels.map(lambda listing: read(listing, executor=executor), listings, timeout=60)
        assert all(found == set(range(1, 2001)) for found, _ in results)


def test_a_crawl_that_nobody_finishes_asks_for_no_more() -> None:
    listing = Listing(range(1, 100_001))
    with ThreadPoolExecutor(2) as executor:
        answers = iter(crawl(listing, executor=executor, outstanding=4))
        for _ in range(5):
            next(answers)
        answers.close()  # type: ignore[attr-defined]
    assert len(listing.asked) < 20


def test_a_crawl_without_an_answer_says_so() -> None:
    assert isinstance(crawl(Listing([])), Crawl)
    found, facts = read(Listing([]))
    assert (found, facts.requests, facts.watermark) == (set(), 1, DATE)


def test_the_chosen_window_begins_where_wanted_and_reaches_past_what_is_known() -> None:
    for rows in range(1, 3000):
        page_range = choose(rows - 6, rows, 100)
        assert page_range.offset <= max(0, rows - 6)
        assert page_range.end > rows
        assert page_range.limit <= 100


def test_the_smallest_window_around_the_end_holds_the_row_before() -> None:
    for row in range(1, 3000):
        page_range = around(row)
        assert page_range.offset < row < page_range.end
        assert page_range.limit <= 11
    assert around(3) == PageRange(1, 2)
