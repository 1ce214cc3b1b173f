"""A server on loopback that answers with exactly the bytes it is told, for faults below HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

DATE = "Mon, 23 Nov 2026 08:00:00 GMT"
EMPTY_PAGE = b'{"total":0,"data":[]}'

Script = Callable[[socket.socket, bytes], object]


def answer(body: bytes = EMPTY_PAGE, *, status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    """A complete answer, or one that promises another length than it has."""
    lines = [f"HTTP/1.1 {status}", f"Date: {DATE}", f"Content-Length: {len(body) if length is None else length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drip(data: bytes, pause: float) -> Iterator[bytes]:
    """Byte by byte."""
    for place in range(len(data)):
        yield data[place : place + 1]
        time.sleep(pause)


class Scripted:
    """Answers one request after the other from a list; the last entry answers all further ones.

    An entry is the bytes of an answer, an iterable of pieces, or a function of socket and request. After
    bytes the connection stays open, after anything else it is closed.
    """

    def __init__(self, *script: bytes | Callable[[], Iterable[bytes]] | Script) -> None:
        self.requests: list[bytes] = []
        self._script = list(script)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/api"

    def __enter__(self) -> Scripted:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while request := _read_request(connection):
                    with self._lock:
                        self.requests.append(request)
                        entry = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                    if not isinstance(entry, bytes):
                        _perform(entry, connection, request)
                        return
                    connection.sendall(entry)
            except OSError:
                return


def _perform(entry: object, connection: socket.socket, request: bytes) -> None:
    try:
        pieces = entry()  # type: ignore[operator]
    except TypeError:
        entry(connection, request)  # type: ignore[operator]
        return
    for piece in pieces:
        connection.sendall(piece)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            while len(body) < int(value):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def closed_port() -> Iterator[str]:
    """The base URL of a port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/api"
