"""No order is lost: histories of a shop that changes before every request, and every single change swept.

INVENTORUM_HISTORIES sets the number of histories, for long runs, INVENTORUM_SEED other ones:
INVENTORUM_HISTORIES=1000 INVENTORUM_SEED=7 python -m pytest tests/pipelines/inventorum/reading/test_no_order_is_lost.py
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.support.model_shop import (
    CAP,
    Loader,
    ModelShop,
    Mutation,
    Reader,
    by_plain_pages,
    by_windows,
    by_windows_in_parallel,
)

HISTORIES = int(os.environ.get("INVENTORUM_HISTORIES", "40"))
SEED = int(os.environ.get("INVENTORUM_SEED", "0"))
# Hypothesis remembers every choice of a run, about 0.2 MB a history: a long run is many short ones
ROUND = 200

numbers = st.integers(0, 200)
delays = st.floats(0, 4)
changes = st.one_of(
    st.tuples(st.just("create"), st.integers(1, 12)),
    st.tuples(st.just("edit"), numbers),
    st.tuples(st.just("remove"), numbers, st.integers(1, 12)),
    st.tuples(st.just("burst"), st.integers(2, 30)),
    st.tuples(st.just("late_edit"), numbers, delays),
    st.tuples(st.just("late_create"), delays),
    st.tuples(st.just("wait"), st.floats(0.001, 20)),
    st.tuples(st.just("jump"), st.floats(0, 3600)),
)
schedules = st.lists(st.lists(changes, max_size=4), max_size=20)


class Histories(RuleBasedStateMachine):
    """Any history of a shop, read by overlapping windows."""

    @initialize(count=st.integers(0, 80), first_page=st.integers(0, 1), cap=st.integers(8, CAP))
    def open_shop(self, count: int, first_page: int, cap: int) -> None:
        self.shop = ModelShop(first_page=first_page, cap=cap)
        self.shop.create(count)
        self.loader = Loader(self.shop, self.reader([]))

    def reader(self, picks: list[int]) -> Reader:
        return by_windows

    @rule(mutations=st.lists(changes, min_size=1, max_size=6))
    def trade(self, mutations: list[Mutation]) -> None:
        for mutation in mutations:
            self.shop.mutate(mutation)

    @rule(seconds=st.floats(-4, 0))
    def set_the_clock_back(self, seconds: float) -> None:
        self.shop.jump(seconds)

    @rule(
        schedule=schedules,
        picks=st.lists(st.integers(0, 7), max_size=12),
        total_error=st.sampled_from([0, 0, 0, -3, 2]),
        new_cap=st.none() | st.integers(8, CAP),
    )
    def crawl(self, schedule: list[list[Mutation]], picks: list[int], total_error: int, new_cap: int | None) -> None:
        self.loader.read = self.reader(picks)
        self.shop.schedule = schedule
        self.shop.cap = new_cap or self.shop.cap
        # a cap that is lower than asked cannot be told from the end if `total` hides the rest
        self.shop.total_error = total_error if self.shop.cap == CAP else max(0, total_error)
        self.loader.load()

    @rule(schedule=schedules, picks=st.lists(st.integers(0, 7), max_size=12), at=st.integers(1, 12))
    def crawl_that_is_killed(self, schedule: list[list[Mutation]], picks: list[int], at: int) -> None:
        before, cursor = dict(self.loader.stored), self.loader.cursor
        self.loader.read = self.reader(picks)
        self.shop.schedule = schedule
        self.shop.fail_at = at
        if not self.loader.load():
            assert (self.loader.stored, self.loader.cursor) == (before, cursor)
        self.shop.fail_at = None

    def teardown(self) -> None:
        if hasattr(self, "loader"):
            self.loader.settle()


class ParallelHistories(Histories):
    """The same, with windows answered and received in any order."""

    def reader(self, picks: list[int]) -> Reader:
        return by_windows_in_parallel(picks)


class PlainHistories(Histories):
    """The same, read as a newcomer would: page after page."""

    def reader(self, picks: list[int]) -> Reader:
        return by_plain_pages


def run(machine: type[Histories], histories: int = HISTORIES, phases: Collection[Phase] = tuple(Phase)) -> None:
    for number, first in enumerate(range(0, histories, ROUND)):
        run_state_machine_as_test(
            seed(1000 * SEED + number)(machine),
            settings=settings(
                max_examples=min(ROUND, histories - first),
                stateful_step_count=12,
                database=None,
                report_multiple_bugs=False,
                phases=phases,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_no_history_loses_an_order() -> None:
    run(Histories)


def test_no_history_loses_an_order_when_windows_are_read_in_parallel() -> None:
    run(ParallelHistories)


def test_the_same_histories_lose_orders_when_pages_are_read_plainly() -> None:
    with pytest.raises(AssertionError, match=r"were not read|are lost or stale"):
        run(PlainHistories, 100, phases=[Phase.generate])  # one is enough, however long


KINDS: dict[str, Mutation] = {
    "create": ("create", 1),
    "create a page": ("create", CAP),
    "edit the first": ("edit", 0),
    "edit in the middle": ("edit", 30),
    "edit the last": ("edit", 59),
    "remove the first": ("remove", 0, 1),
    "remove in the middle": ("remove", 30, 1),
    "remove the last": ("remove", 59, 1),
    "remove the overlap": ("remove", 8, 6),
    "remove a page": ("remove", 0, CAP),
    "remove half": ("remove", 10, 30),
    "remove all": ("remove", 0, 100),
    "burst": ("burst", 20),
    "late edit": ("late_edit", 5, 3.9),
    "late create": ("late_create", 3.9),
    "wait": ("wait", 30.0),
    "clock forward": ("jump", 3600.0),
}
READERS: dict[str, Reader] = {
    "in order": by_windows,
    "forwards": by_windows_in_parallel([0]),
    "backwards": by_windows_in_parallel([3, 2, 1]),
    "mixed": by_windows_in_parallel([1, 3, 0, 2, 5, 4, 1]),
}


def full_shop(first_page: int = 0) -> ModelShop:
    shop = ModelShop(first_page=first_page)
    shop.create(60)
    shop.wait(60)
    return shop


def sweep(kind: Mutation, reader: Reader, first_page: int) -> Iterator[int]:
    """One change of a kind before request 1, then 2, then 3, up to the last request of the crawl."""
    at = 1
    while True:
        shop = full_shop(first_page)
        shop.schedule = [[]] * (at - 1) + [[kind]]
        loader = Loader(shop, reader)
        assert loader.load()
        if shop.requests < at:
            return
        loader.settle()
        yield at
        at += 1


@pytest.mark.cases(60)
@pytest.mark.parametrize("first_page", [0, 1])
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_one_change_before_any_request_loses_no_order(kind: Mutation, reader: Reader, first_page: int) -> None:
    assert len(list(sweep(kind, reader, first_page))) >= 2


@pytest.mark.parametrize("kind", ["edit in the middle", "remove the first", "remove in the middle", "burst"])
def test_the_sweep_finds_what_plain_pages_lose(kind: str) -> None:
    with pytest.raises(AssertionError, match="were not read"):
        list(sweep(KINDS[kind], by_plain_pages, 0))
