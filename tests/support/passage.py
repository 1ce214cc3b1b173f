"""A way to a server that counts what is sent through it, and does something once so much is through."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self


class Passage:
    """Listens on loopback and hands everything on to a port, one connection in its life.

    Attributes:
        port: Where to connect to.
        sent: Bytes that the client has sent.
        limit: After so many nothing more is let through, in either direction, and `then` is called.
    """

    def __init__(self, target: int) -> None:
        self.sent = 0
        self.limit: int | None = None
        self.then: Callable[[], object] = lambda: None
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self._thread.join(timeout=30)

    def _serve(self) -> None:
        with suppress(OSError):
            client, _ = self._listener.accept()
            with client, socket.create_connection(("127.0.0.1", self._target)) as server:
                back = threading.Thread(target=_hand_on, args=(server, client))
                back.start()
                self._forward(client, server)
                for one in (server, client):
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                back.join()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(4096):
                if self.limit is not None and self.sent + len(data) >= self.limit:
                    server.sendall(data[: self.limit - self.sent])
                    self.sent = self.limit
                    self.then()
                    return
                server.sendall(data)
                self.sent += len(data)


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
