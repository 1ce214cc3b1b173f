"""The Inventorum / Shore POS API: one method per endpoint, typed in and out, safe to share between threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from pipelines.errors import ApiError, EmptyPage, LoginError, RequestRefused, SettingsError
from pipelines.inventorum.http.basket import Basket, BasketCreated, encode_basket, read_created
from pipelines.inventorum.http.login import Credentials
from pipelines.inventorum.http.pages import Answer, BrokenBody, Page, parse_page
from pipelines.inventorum.http.rate_limit import Limiter
from pipelines.inventorum.http.refusals import read_refusal
from pipelines.inventorum.http.retries import BACK_OFF_FIRST, RETRY_AFTER_MOST, Retrying, TryAgain
from pipelines.inventorum.http.transport import Fault, RawAnswer, Transport, check_base_url

__all__ = ["Answer", "InventorumClient"]

logger = logging.getLogger(__name__)

DAMAGED_TRIES = 2
REDIRECTS = frozenset({301, 302, 303, 307, 308})
EMPTY_TRIES = 3
VERSION_DIGITS = 9  # what raw has room for; Python refuses to read numbers of thousands of digits


@dataclass(frozen=True)
class _Call:
    """One request of the API, in words for messages too; `label` names no search words and no person."""

    method: str
    path: str
    scope: str
    label: str
    params: dict[str, str]
    body: bytes | None = None


class InventorumClient:
    """The four calls that the warehouse needs.

    Args:
        base_url: Like https://app.inventorum.com/api; http only for this machine.
        credentials: Where tokens come from.
        requests_per_second: Shared by all threads.
        tries: How often a request is sent at most.
        time_limit: Wall-clock seconds for one try.
        retry_budget: Seconds that failed tries and the waits after them may cost in the client's life.
        clean: Given each page of orders before anybody else sees it.
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
        clean: Callable[[Page], Page] | None = None,
        sleep: Callable[[float], None] | None = None,
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
        self._clean = clean
        self._transport = Transport(
            self.base_url, connect_timeout=connect_timeout, read_timeout=read_timeout, time_limit=time_limit
        )
        self._closed = threading.Event()
        self._parsing = threading.Lock()  # threads that parse at once only take the interpreter from each other
        sleep = sleep or self._wait
        self._retrying = Retrying(tries, retry_budget, clock=clock, sleep=sleep)
        self._limiter = Limiter(requests_per_second, clock=clock, sleep=sleep)

    def __repr__(self) -> str:
        return f"InventorumClient({self.base_url!r}, api_version={self.api_version})"

    def close(self) -> None:
        """Send nothing more: threads that wait for their turn or for a retry give up with an ApiError."""
        self._closed.set()

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
        return self._retrying(call.label, lambda: self._write(call))

    def _page(self, path: str, params: dict[str, str], *, label_of: dict[str, str], past: int) -> Answer:
        query = "&".join(f"{name}={value}" for name, value in label_of.items())
        call = _Call("GET", path, "orders", f"GET {path}?{query}", params)
        damaged = 0
        empty = 0

        def attempt() -> Answer:
            nonlocal damaged, empty
            raw = self._read(call)
            try:
                with self._parsing:
                    page = parse_page(raw.body)
            except BrokenBody as fault:
                raise TryAgain(f"answered {raw.status} with {fault}") from None
            if page.damaged and damaged < DAMAGED_TRIES:
                damaged += 1
                raise TryAgain(f"answered {raw.status} with {page.damaged} records that are no JSON")
            if not page.keys and page.total is not None and page.total > past:
                empty += 1
                reason = f"answered with an empty page, although it says that {page.total} orders match"
                if empty >= EMPTY_TRIES:
                    raise EmptyPage(f"{call.label} {reason}, on each of {empty} tries.", page.total)
                raise TryAgain(reason)
            return _answer(raw, self._clean(page) if self._clean else page)

        return self._retrying(call.label, attempt)

    def _read(self, call: _Call) -> RawAnswer:
        """A successful answer to a request that changes nothing."""
        result = self._exchange(call)
        if isinstance(result, Fault):
            raise TryAgain(f"brought no answer ({result.reason})")
        self._raise_for_status(call, result)
        return result

    def _write(self, call: _Call) -> BasketCreated:
        result = self._exchange(call)
        if isinstance(result, Fault):
            if not result.was_sent:
                raise TryAgain(f"could not be sent ({result.reason})")
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
        self._wait(0)
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
            logger.info("%s: %s in %.3f s, rid %s", call.label, result.status, result.seconds, rid)
            if result.status == 429:
                self._limiter.pause(min(RETRY_AFTER_MOST, result.retry_after or BACK_OFF_FIRST))
        return result

    def _wait(self, seconds: float) -> None:
        if self._closed.wait(seconds):
            raise ApiError("The run was stopped, so nothing more was asked of the API.")

    def _raise_for_status(self, call: _Call, raw: RawAnswer) -> None:
        if 200 <= raw.status < 300:
            return
        if raw.status == 429 or raw.status == 408 or raw.status >= 500:
            raise TryAgain(f"answered {raw.status}", raw.retry_after)
        refusal = read_refusal(raw.body)
        if raw.status == 401:
            raise LoginError(self._credentials.lost(f"{call.label} answered 401 to a fresh token"))
        if raw.status == 403:
            raise LoginError(
                f"{call.label} answered 403: the token may not do this (scope `{call.scope}`). {refusal.message} "
                f"Give the token the scope `{call.scope}` in the API apps at https://manager.shore.com."
            )
        if raw.status < 400 and raw.status not in REDIRECTS:
            raise ApiError(
                f"{call.label} answered {raw.status}, which is neither orders nor a refusal nor a redirect. Nothing "
                "was read. Something between here and the API may be at fault (a proxy, a cache); check "
                "SOURCES__INVENTORUM__BASE_URL, too, then run the command again."
            )
        if raw.status < 400:
            raise ApiError(
                f"{call.label} answered {raw.status}, a redirect, which is not followed: the token would go "
                "elsewhere. Nothing was read. Check SOURCES__INVENTORUM__BASE_URL (scheme, host, path)."
            )
        raise RequestRefused(
            f"{call.label} was refused with {raw.status}: {refusal.message}",
            status=raw.status,
            fields=refusal.fields,
        )


def _answer(raw: RawAnswer, page: Page) -> Answer:
    date = raw.date
    if date is None:
        raise TryAgain(f"answered {raw.status} without a readable Date header")
    version = raw.headers.get("X-Inv-Processed-Version", "")
    is_number = version.isascii() and version.isdigit() and len(version) <= VERSION_DIGITS
    return Answer(
        page=page,
        date=date,
        seconds=raw.seconds,
        processed_version=int(version) if is_number else None,
        rid=raw.headers.get("X-Rid"),
        bytes=len(raw.body),
    )


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
