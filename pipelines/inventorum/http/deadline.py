"""A wall-clock limit for requests: a server that sends a byte now and then cannot hold a thread for ever."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

_current = threading.local()


class Deadline:
    """The moment, by the monotonic clock, at which an exchange ends."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() >= self.at


@contextmanager
def time_limit(seconds: float) -> Iterator[Deadline]:
    """Bound what this thread receives inside of the block, through sessions with a DeadlineAdapter."""
    deadline = _current.deadline = Deadline(seconds)
    try:
        yield deadline
    finally:
        del _current.deadline


class _DeadlineReader(io.RawIOBase):
    """The receiving side of a socket that gives up at the deadline of its thread, even between two bytes."""

    def __init__(self, raw: Any, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._read_timeout = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        deadline = getattr(_current, "deadline", None)
        if deadline is not None:
            left = deadline.at - time.monotonic()
            if left <= 0:
                raise TimeoutError("deadline")
            self._sock.settimeout(left if self._read_timeout is None else min(left, self._read_timeout))
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _HttpConnection(urllib3.connection.HTTPConnection):
    response_class = _DeadlineResponse


class _HttpsConnection(urllib3.connection.HTTPSConnection):
    response_class = _DeadlineResponse


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class DeadlineAdapter(HTTPAdapter):
    """Connections whose answers obey `time_limit`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager
