"""One HTTP exchange: sessions per thread, https only, no redirects, a wall-clock limit.

Whatever goes wrong comes back as a Fault in our own words: exceptions of the HTTP library carry the
request with its token, and end up in logs and traces.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
import urllib3
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from pipelines.errors import SettingsError
from pipelines.inventorum.http.deadline import DeadlineAdapter, time_limit
from pipelines.inventorum.http.masking import SHORTEST, SHORTEST_IN_ORDERS, masked, secrets_of

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_BODY = 256 * 1024 * 1024
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class RawAnswer:
    """What came back, whatever its status; the body is unpacked and complete."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    seconds: float = 0.0

    def without(self, secrets: tuple[str, ...]) -> RawAnswer:
        """The answer without what the request carried and the server repeats."""
        shortest = SHORTEST_IN_ORDERS if 200 <= self.status < 300 else SHORTEST
        headers = {
            name: masked(value.encode(), secrets, shortest=SHORTEST).decode() for name, value in self.headers.items()
        }
        return replace(self, headers=CaseInsensitiveDict(headers), body=masked(self.body, secrets, shortest=shortest))

    @property
    def date(self) -> datetime | None:
        """The server's clock (`Date` header), if it can be read."""
        return read_http_date(self.headers.get("Date"))

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, by its own clock if it names a date; None if it does not."""
        value = (self.headers.get("Retry-After") or "").strip()
        if value.isascii() and value.replace(".", "", 1).isdigit():
            return float(value)
        at, now = read_http_date(value), self.date
        return None if at is None or now is None else max(0.0, (at - now).total_seconds())


@dataclass(frozen=True)
class Fault:
    """Why no answer came back.

    Attributes:
        reason: What happened, in words that hold no token, address parameter or body.
        was_sent: False only if no connection was made, so that the server cannot have acted.
    """

    reason: str
    was_sent: bool
    seconds: float = 0.0


def check_base_url(base_url: str) -> str:
    """The address without a trailing slash.

    Raises:
        SettingsError: It is no http(s) address, holds a password, or would send tokens unencrypted.
    """
    try:
        parts = urlsplit(base_url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(
            "The base URL is not an address like https://app.inventorum.com/api. Nothing was asked. "
            "Correct SOURCES__INVENTORUM__BASE_URL."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(
            f"The base URL of {host} holds a user name, a password, a query or a fragment. Nothing was asked. "
            "Leave only scheme, host and path in SOURCES__INVENTORUM__BASE_URL."
        )
    if parts.scheme == "http" and host not in LOOPBACK:
        raise SettingsError(
            f"http://{host} would send tokens and customers unencrypted. Nothing was asked. "
            "Use https in SOURCES__INVENTORUM__BASE_URL; http is for this machine only (127.0.0.1)."
        )
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def read_http_date(value: str | None) -> datetime | None:
    """A time as HTTP headers write it, in UTC; None for anything else."""
    try:
        date = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


class Transport:
    """Sends requests below one base URL; safe to use from many threads.

    Args:
        base_url: As check_base_url returns it.
        connect_timeout: Seconds to reach the server.
        read_timeout: Seconds without a single byte.
        time_limit: Seconds for one exchange as a whole, however slowly it drips.
    """

    def __init__(self, base_url: str, *, connect_timeout: float, read_timeout: float, time_limit: float) -> None:
        self._base_url = base_url
        self._timeouts = (connect_timeout, read_timeout)
        self._time_limit = time_limit
        self._is_local = urlsplit(base_url).hostname in LOOPBACK
        self._local = threading.local()

    def send(
        self,
        method: str,
        path: str,
        *,
        authorization: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        fresh: bool = False,
        grants: bool = False,
    ) -> RawAnswer | Fault:
        """Send one request and read its whole answer, in which no secret of the request is left.

        Args:
            path: Below the base URL, with slashes at both ends.
            authorization: The value of that header.
            fresh: Open a new connection: one that the server closed meanwhile cannot swallow the request.
            grants: A successful answer holds secrets by right, perhaps the one that was sent.
        """
        line = self._new_line() if fresh else self._line()
        begin = time.monotonic()
        with time_limit(self._time_limit) as deadline:
            try:
                request = line.prepare(method, path, authorization, params or {}, headers or {}, body)
                with line.session.send(
                    request, timeout=self._timeouts, allow_redirects=False, **line.settings
                ) as response:
                    content = _read_all(response)
                    answer = RawAnswer(response.status_code, response.headers, content, time.monotonic() - begin)
                    is_grant = grants and 200 <= answer.status < 300
                    return answer if is_grant else answer.without(secrets_of(authorization, body))
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                reason, was_sent = _describe(error, is_late=deadline.is_over)
            finally:
                if fresh:
                    line.session.close()
        return Fault(reason, was_sent, time.monotonic() - begin)

    def _line(self) -> _Line:
        line: _Line | None = getattr(self._local, "line", None)
        if line is None:
            line = self._local.line = self._new_line()
        return line

    def _new_line(self) -> _Line:
        session = requests.Session()
        session.trust_env = not self._is_local  # proxies and certificates of the environment, not for loopback
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.headers.clear()
        session.headers.update(
            {"User-Agent": "inventorum-warehouse", "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive"}
        )
        adapter = DeadlineAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return _Line(session, self._base_url)


class _Line:
    """A session with what is the same in all of its requests: looking that up anew costs more than sending.

    Attributes:
        settings: Proxies and certificates, as arguments of `session.send`.
    """

    def __init__(self, session: requests.Session, base_url: str) -> None:
        self.session = session
        self.settings = session.merge_environment_settings(base_url, {}, True, None, None)
        self._base_url = base_url
        self._reads: dict[tuple[str, ...], tuple[requests.PreparedRequest, str]] = {}

    def prepare(
        self,
        method: str,
        path: str,
        authorization: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> requests.PreparedRequest:
        """The request, to be sent before the next one is prepared."""
        if method != "GET":
            return self._prepare(method, path, authorization, params, headers, body)
        key = path, *headers
        if key not in self._reads:
            request = self._prepare(method, path, authorization, {}, headers, None)
            self._reads[key] = request, request.url or ""
        request, address = self._reads[key]
        request.url = f"{address}?{urlencode(params)}" if params else address
        request.headers.update({**headers, "Authorization": authorization})
        return request

    def _prepare(
        self,
        method: str,
        path: str,
        authorization: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> requests.PreparedRequest:
        request = requests.Request(
            method,
            self._base_url + path,
            params=dict(params),
            data=body,
            headers={"Accept": "application/json", **headers},
            auth=_Authorization(authorization),
        )
        return self.session.prepare_request(request)


class _TooLargeError(OSError):
    pass


class _Authorization(AuthBase):
    """Sets the header itself: otherwise a ~/.netrc would replace the token."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._value
        return request


def _read_all(response: requests.Response) -> bytes:
    """The unpacked body.

    Raises:
        _TooLargeError: It is larger than MAX_BODY.
    """
    length = response.raw.length_remaining
    if length is not None and "Content-Encoding" not in response.headers:
        if length > MAX_BODY:
            raise _TooLargeError
        return bytes(response.raw.read())  # in pieces it would be copied several times
    chunks, size = [], 0
    for chunk in response.raw.stream(_CHUNK, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY:
            raise _TooLargeError
    return b"".join(chunks)


_WORDS: tuple[tuple[tuple[type[BaseException], ...], str, bool], ...] = (
    ((urllib3.exceptions.NameResolutionError,), "the host name could not be resolved", False),
    ((urllib3.exceptions.NewConnectionError,), "the connection was refused or the network is down", False),
    ((urllib3.exceptions.ConnectTimeoutError,), "no connection came about in time", False),
    ((urllib3.exceptions.ProxyError,), "the proxy could not be used", False),
    ((urllib3.exceptions.SSLError, requests.exceptions.SSLError), "the TLS connection failed", True),
    ((requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError), "the server fell silent", True),
    ((urllib3.exceptions.IncompleteRead, http.client.IncompleteRead), "the body was cut", True),
    ((urllib3.exceptions.DecodeError,), "the body could not be unpacked", True),
    ((_TooLargeError,), f"the body is larger than {MAX_BODY // 1024 // 1024} MB", True),
)


def _describe(error: Exception, *, is_late: bool) -> tuple[str, bool]:
    """An error of the HTTP library in words that quote nothing, and whether the request may have been sent."""
    causes = _causes(error)
    for kinds, words, was_sent in _WORDS:
        if any(isinstance(cause, kinds) for cause in causes):
            return ("the answer did not end within the time limit", True) if is_late and was_sent else (words, was_sent)
    return "the answer did not end within the time limit" if is_late else "the connection broke", True


def _causes(error: BaseException) -> list[Any]:
    """The error and everything it wraps."""
    found: list[Any] = []
    todo: list[Any] = [error]
    while todo and len(found) < 50:
        cause = todo.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            todo += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return found
