"""The Inventorum / Shore POS API: one method per endpoint, typed in and out, safe to share between threads."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

import tenacity

from pipelines.errors import ApiError, EmptyPage, LoginError, RequestRefused, SettingsError
from pipelines.inventorum.auth import Credentials
from pipelines.inventorum.basket import Basket, BasketCreated, encode_basket, read_created
from pipelines.inventorum.limiter import Limiter, RetryBudget
from pipelines.inventorum.refusal import read_refusal
from pipelines.inventorum.transport import Fault, RawAnswer, Transport, check_base_url
from pipelines.inventorum.wire import Answer, BrokenBody, Page, parse_page

__all__ = ["Answer", "InventorumClient"]

logger = logging.getLogger(__name__)
T = TypeVar("T")

BACK_OFF_FIRST, BACK_OFF_MOST = 0.5, 30.0
RETRY_AFTER_MOST = 120.0
DAMAGED_TRIES = 2
EMPTY_TRIES = 3


@dataclass(frozen=True)
class _Call:
    """One request of the API, in words for messages too; `label` names no search words and no person."""

    method: str
    path: str
    scope: str
    label: str
    params: dict[str, str]
    body: bytes | None = None


class _TryAgain(Exception):
    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class InventorumClient:
    """The four calls that the warehouse needs.

    Args:
        base_url: Like https://app.inventorum.com/api; http only for this machine.
        credentials: Where tokens come from.
        requests_per_second: Shared by all threads.
        tries: How often a request is sent at most.
        time_limit: Wall-clock seconds for one try.
        retry_budget: Seconds that failed tries and the waits after them may cost in the client's life.
        sleep, clock: Stand-ins for tests; `clock` gives seconds that only grow.

    Raises:
        SettingsError: The base URL or a number cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        *,
        api_version: int = 12,
        requests_per_second: float = 20,
        connect_timeout: float = 10,
        read_timeout: float = 60,
        time_limit: float = 120,
        tries: int = 6,
        retry_budget: float = 600,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if requests_per_second <= 0:
            raise SettingsError(
                f"{requests_per_second:g} requests per second is no rate. "
                "Set SOURCES__INVENTORUM__REQUESTS_PER_SECOND to more than 0, or leave it out for 20."
            )
        self.base_url = check_base_url(base_url)
        self.api_version = api_version
        self._credentials = credentials
        self._transport = Transport(
            self.base_url, connect_timeout=connect_timeout, read_timeout=read_timeout, time_limit=time_limit
        )
        self._tries = tries
        self._budget = RetryBudget(retry_budget)
        self._sleep = sleep
        self._clock = clock
        self._limiter = Limiter(requests_per_second, clock=clock, sleep=sleep)
        self._jitter = random.Random()  # noqa: S311 - spreads waits, guards nothing

    def __repr__(self) -> str:
        return f"InventorumClient({self.base_url!r}, api_version={self.api_version})"

    def orders_delta(
        self,
        *,
        channel: str | None = None,
        start_date: datetime | None = None,
        page: int = 0,
        limit: int = 100,
        order_by: str | None = "id",
    ) -> Answer:
        """One page of the orders that were created or changed since `start_date` (aware; None: all).

        Raises:
            EmptyPage: The page stays empty although `total` says that there is more.
            RequestRefused: The API refused the request, for example a channel that it does not know.
            ApiError: No usable answer within the tries and the budget.
            LoginError: The token or its scope `orders` was refused.

        Source: GET /orders/delta/; pages are documented to start at 0.
        """
        params = {"page": str(page), "limit": str(limit)}
        if start_date is not None:
            params["start_date"] = _zulu(start_date)
        if channel is not None:
            params["channel"] = channel
        if order_by is not None:
            params["order_by"] = order_by
        return self._page("/orders/delta/", params, label_of=params, past=page * limit)

    def orders(
        self,
        start: datetime,
        end: datetime,
        *,
        tz: tzinfo,
        channel: str | None = None,
        page: int = 1,
        limit: int = 40,
        search: str | None = None,
    ) -> Answer:
        """One page of the orders created between two aware times, without drafts.

        The API takes both times without a zone, as they stand on the clocks of the account (`tz`). Whoever
        needs every order asks for a wider window and compares the orders' own times.

        Raises: As orders_delta.

        Source: GET /orders/; pages start at 1. Without `channel` the API leaves out the till (ipad).
        """
        params = {"start": _wall(start, tz), "end": _wall(end, tz), "page": str(page), "limit": str(limit)}
        if channel is not None:
            params["channel"] = channel
        shown = dict(params)
        if search:
            params["search"] = search
        return self._page("/orders/", params, label_of=shown, past=(page - 1) * limit)

    def create_basket(self, basket: Basket) -> BasketCreated:
        """Create a basket; sent a second time only if the first one surely did not arrive.

        Raises:
            RequestRefused: The API found something wrong; `fields` holds its messages.
            ApiError: It was not created, or it is not known whether it was: the message says which.
            LoginError: The token or its scope `checkout` was refused.

        Source: POST /basket/.
        """
        call = _Call("POST", "/basket/", "checkout", "POST /basket/", {}, encode_basket(basket))
        return self._retrying(call, lambda: self._write(call))

    def _page(self, path: str, params: dict[str, str], *, label_of: dict[str, str], past: int) -> Answer:
        query = "&".join(f"{name}={value}" for name, value in label_of.items())
        call = _Call("GET", path, "orders", f"GET {path}?{query}", params)
        damaged = 0
        empty = 0

        def attempt() -> Answer:
            nonlocal damaged, empty
            raw = self._read(call)
            try:
                page = parse_page(raw.body)
            except BrokenBody as fault:
                raise _TryAgain(f"answered {raw.status} with {fault}") from None
            if page.damaged and damaged < DAMAGED_TRIES:
                damaged += 1
                raise _TryAgain(f"answered {raw.status} with {page.damaged} records that are no JSON")
            if not page.keys and page.total is not None and page.total > past:
                empty += 1
                reason = f"answered with an empty page, although it says that {page.total} orders match"
                if empty >= EMPTY_TRIES:
                    raise EmptyPage(f"{call.label} {reason}, on each of {empty} tries.", page.total)
                raise _TryAgain(reason)
            return _answer(raw, page)

        return self._retrying(call, attempt)

    def _read(self, call: _Call) -> RawAnswer:
        """A successful answer to a request that changes nothing."""
        result = self._exchange(call)
        if isinstance(result, Fault):
            raise _TryAgain(f"brought no answer ({result.reason})")
        self._raise_for_status(call, result)
        return result

    def _write(self, call: _Call) -> BasketCreated:
        result = self._exchange(call)
        if isinstance(result, Fault):
            if not result.was_sent:
                raise _TryAgain(f"could not be sent ({result.reason})")
            raise ApiError(_unsure(call, result.reason))
        if result.status >= 500 or result.status == 408:
            raise ApiError(_unsure(call, f"status {result.status}"))
        self._raise_for_status(call, result)
        try:
            return read_created(result.body)
        except BrokenBody as fault:
            raise ApiError(_unsure(call, f"{result.status} with {fault}")) from None

    def _exchange(self, call: _Call) -> RawAnswer | Fault:
        """Send with the current token; after a 401 once more with a new one."""
        token = self._credentials.token()
        result = self._send(call, token)
        if isinstance(result, RawAnswer) and result.status == 401:
            logger.info("%s answered 401: the token is refreshed", call.label)
            result = self._send(call, self._credentials.refresh(token))
        return result

    def _send(self, call: _Call, token: str) -> RawAnswer | Fault:
        self._limiter.wait()
        headers = {"X-Api-Version": str(self.api_version)}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        result = self._transport.send(
            call.method,
            call.path,
            params=call.params,
            headers=headers,
            body=call.body,
            authorization=f"Bearer {token}",
            fresh=call.body is not None,
        )
        if isinstance(result, RawAnswer):
            rid = result.headers.get("X-Rid")
            logger.debug("%s: %s in %.3f s, rid %s", call.label, result.status, result.seconds, rid)
            if result.status == 429:
                self._limiter.pause(_retry_after(result) or BACK_OFF_FIRST)
        return result

    def _raise_for_status(self, call: _Call, raw: RawAnswer) -> None:
        if 200 <= raw.status < 300:
            return
        if raw.status == 429 or raw.status == 408 or raw.status >= 500:
            raise _TryAgain(f"answered {raw.status}", _retry_after(raw))
        refusal = read_refusal(raw.body)
        if raw.status == 401:
            raise LoginError(self._credentials.lost(f"{call.label} answered 401 to a fresh token"))
        if raw.status == 403:
            raise LoginError(
                f"{call.label} answered 403: the token may not do this (scope `{call.scope}`). {refusal.message} "
                f"Give the token the scope `{call.scope}` in the API apps at https://manager.shore.com."
            )
        if 300 <= raw.status < 400:
            raise ApiError(
                f"{call.label} answered {raw.status}, a redirect, which is not followed: the token would go "
                "elsewhere. Nothing was read. Check SOURCES__INVENTORUM__BASE_URL (scheme, host, path)."
            )
        raise RequestRefused(
            f"{call.label} was refused with {raw.status}: {refusal.message}",
            status=raw.status,
            fields=refusal.fields,
        )

    def _retrying(self, call: _Call, attempt: Callable[[], T]) -> T:
        """The result of the first try that brings one.

        Raises:
            ApiError: All tries failed, or the budget is used up.
        """
        begin = self._clock()

        def note(state: tenacity.RetryCallState) -> None:
            nonlocal begin
            wait = state.next_action.sleep if state.next_action else 0.0
            self._budget.spend(begin, self._clock() + wait)
            begin = self._clock() + wait
            logger.info("%s: %s; try %s follows in %.1f s", call.label, _reason(state), state.attempt_number + 1, wait)

        retrying = tenacity.Retrying(
            stop=lambda state: state.attempt_number >= self._tries or self._budget.is_spent,
            wait=self._wait_seconds,
            retry=tenacity.retry_if_exception_type(_TryAgain),
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
        raise ApiError(f"{call.label} {reason} {cause}.")

    def _wait_seconds(self, state: tenacity.RetryCallState) -> float:
        """Exponential with jitter, but never sooner than the server asked for."""
        back_off = min(BACK_OFF_MOST, BACK_OFF_FIRST * 2.0 ** (state.attempt_number - 1))
        wait = back_off * self._jitter.uniform(0.5, 1.0)
        fault = state.outcome.exception() if state.outcome else None
        if isinstance(fault, _TryAgain) and fault.retry_after is not None:
            wait = fault.retry_after + self._jitter.uniform(0.0, 0.25)
        return wait


def _answer(raw: RawAnswer, page: Page) -> Answer:
    date = raw.date
    if date is None:
        raise _TryAgain(f"answered {raw.status} without a readable Date header")
    version = raw.headers.get("X-Inv-Processed-Version", "")
    return Answer(
        page=page,
        date=date,
        seconds=raw.seconds,
        processed_version=int(version) if version.isascii() and version.isdigit() else None,
        rid=raw.headers.get("X-Rid"),
        bytes=len(raw.body),
    )


def _retry_after(raw: RawAnswer) -> float | None:
    return None if raw.retry_after is None else min(RETRY_AFTER_MOST, raw.retry_after)


def _zulu(moment: datetime) -> str:
    """2018-01-25T15:00:56.643Z, cut to milliseconds: earlier rather than later."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone has no place on the server's clock")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _wall(moment: datetime, tz: tzinfo) -> str:
    """2018.08.16 16:21:00 as the clocks of the account show it."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone has no place on the server's clock")
    return moment.astimezone(tz).strftime("%Y.%m.%d %H:%M:%S")


def _unsure(call: _Call, reason: str) -> str:
    return (
        f"{call.label} was sent, but its answer did not arrive ({reason}). The basket may exist or not. "
        "Look at the newest orders before you send it again."
    )


def _reason(state: tenacity.RetryCallState) -> str:
    return str(state.outcome.exception()) if state.outcome else ""
