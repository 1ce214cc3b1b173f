"""Trying again: how often, how long to wait, and what is said in the end."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import TypeVar

import tenacity

from pipelines.errors import ApiError
from pipelines.inventorum.http.rate_limit import RetryBudget

logger = logging.getLogger(__name__)
T = TypeVar("T")

BACK_OFF_FIRST, BACK_OFF_MOST = 0.5, 30.0
RETRY_AFTER_MOST = 120.0


class TryAgain(Exception):
    """One try brought nothing.

    Attributes:
        retry_after: Seconds that the server asks to wait.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Retrying:
    """Repeats what raises TryAgain, with growing waits, within a number of tries and a budget of seconds.

    Args:
        budget: Seconds that failed tries and waits may cost in all.
        clock: Seconds that only grow.
    """

    def __init__(
        self, tries: int, budget: float, *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._tries = tries
        self._budget = RetryBudget(budget)
        self._clock = clock
        self._sleep = sleep
        self._jitter = random.Random()  # noqa: S311 - spreads waits, guards nothing

    def __call__(self, label: str, attempt: Callable[[], T]) -> T:
        """The result of the first try that brings one.

        Args:
            label: What is tried, for messages.

        Raises:
            ApiError: All tries failed, or the budget is used up.
        """
        began = self._clock()

        def note(state: tenacity.RetryCallState) -> None:
            nonlocal began
            wait = state.next_action.sleep if state.next_action else 0.0
            until = self._clock() + wait
            self._budget.spend(began, until)
            began = until
            logger.info("%s %s; try %s follows in %.1f s", label, _fault(state), state.attempt_number + 1, wait)

        retrying = tenacity.Retrying(
            stop=lambda state: state.attempt_number >= self._tries or self._budget.is_spent,
            wait=self._wait_seconds,
            retry=tenacity.retry_if_exception_type(TryAgain),
            before_sleep=note,
            sleep=self._sleep,
        )
        try:
            return retrying(attempt)
        except tenacity.RetryError as error:
            tried, reason = error.last_attempt.attempt_number, str(error.last_attempt.exception())
        cause = f"on try {tried} of {self._tries}"
        if tried < self._tries:
            cause += f", and the {self._budget.seconds:g} s that retries may cost are used up"
        raise ApiError(f"{label} {reason} {cause}.")

    def _wait_seconds(self, state: tenacity.RetryCallState) -> float:
        """Exponential with jitter, but never sooner than the server asked for."""
        fault = _fault(state)
        if isinstance(fault, TryAgain) and fault.retry_after is not None:
            return min(RETRY_AFTER_MOST, fault.retry_after) + self._jitter.uniform(0.0, 0.25)
        back_off = min(BACK_OFF_MOST, BACK_OFF_FIRST * 2.0 ** (state.attempt_number - 1))
        return back_off * self._jitter.uniform(0.5, 1.0)


def _fault(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
