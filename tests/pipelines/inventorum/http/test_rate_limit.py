"""Requests leave evenly spaced, and a pause holds all threads."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from pipelines.inventorum.http.rate_limit import Limiter, RetryBudget


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_no_second_holds_more_requests_than_allowed() -> None:
    clock = Clock()
    limiter = Limiter(20, clock=clock, sleep=clock.sleep)
    times = []
    for _ in range(100):
        limiter.wait()
        times.append(clock.now)
    assert max(sum(1 for other in times if at <= other < at + 1) for at in times) == 20
    assert len(times) / (times[-1] - times[0]) > 19


def test_time_that_was_not_used_is_not_made_up_for() -> None:
    clock = Clock()
    limiter = Limiter(20, clock=clock, sleep=clock.sleep)
    limiter.wait()
    clock.now += 60
    begin = clock.now
    for _ in range(20):
        limiter.wait()
    assert clock.now - begin > 0.95


def test_a_pause_holds_the_next_request_and_the_longer_pause_counts() -> None:
    clock = Clock()
    limiter = Limiter(20, clock=clock, sleep=clock.sleep)
    limiter.wait()
    limiter.pause(5)
    limiter.pause(2)
    limiter.wait()
    assert 105 <= clock.now < 105.1


def test_a_pause_holds_threads_that_were_already_waiting() -> None:
    limiter = Limiter(10, clock=time.monotonic, sleep=time.sleep)
    left: list[float] = []
    lock = threading.Lock()

    def work(_: int) -> None:
        limiter.wait()
        with lock:
            left.append(time.monotonic())

    with ThreadPoolExecutor(4) as executor:
        futures = [executor.submit(work, number) for number in range(4)]
        while not left:
            time.sleep(0.001)
        paused = time.monotonic()
        limiter.pause(0.5)
        for future in futures:
            future.result()
    assert all(at < paused or at >= paused + 0.49 for at in left)
    assert sum(at > paused for at in left) >= 3


def test_eight_threads_use_nearly_the_whole_rate() -> None:
    limiter = Limiter(100, clock=time.monotonic, sleep=time.sleep)

    def work(_: int) -> None:
        limiter.wait()
        time.sleep(0.02)

    begin = time.monotonic()
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(work, range(100)))
    assert 100 / (time.monotonic() - begin) > 60


def test_trouble_of_several_threads_at_once_is_counted_once() -> None:
    budget = RetryBudget(10)
    for begin, end in [(0.0, 4.0), (1.0, 5.0), (2.0, 3.0)]:
        budget.spend(begin, end)
    assert not budget.is_spent
    budget.spend(20.0, 24.9)
    assert not budget.is_spent
    budget.spend(30.0, 30.1)
    assert budget.is_spent
