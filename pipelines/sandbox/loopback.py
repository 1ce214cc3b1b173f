"""uvicorn in a thread, on loopback, with a hold on its connections so that faults can break them."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from pipelines.errors import SettingsError


class Loopback(uvicorn.Server):
    """A server that answers as soon as it is made, and ends at once: tests start and stop hundreds of them.

    Attributes:
        port: Where it listens.
        transports: The open connections by their client's address.
        ended: Whether it has been told to end.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        """Begins to answer.

        Args:
            app: What answers.
            port: 0: any free one.

        Raises:
            SettingsError: The port is taken.
        """
        self.transports: dict[Any, asyncio.Transport] = {}
        self.ended = False
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                http=_protocol(self.transports),
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="critical",
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_keep_alive=75,
            )
        )
        listener = _listener(port)
        self.port: int = listener.getsockname()[1]
        self._running = threading.Event()
        self._thread = threading.Thread(target=self.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
        self._thread.start()
        while not self._running.wait(timeout=1) and self._thread.is_alive():
            pass

    async def main_loop(self) -> None:
        """What uvicorn runs while it serves."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._running.set()
        await self._end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """What uvicorn runs at the end; nobody is waited for."""
        for server in self.servers:
            server.close()
        for transport in list(self.transports.values()):
            transport.abort()

    def end(self) -> None:
        """Breaks off what is going on and frees the port."""
        self.ended = True
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


def _listener(port: int) -> socket.socket:
    # named as TCP, since asyncio turns off Nagle's delay (40 ms an answer) only for sockets that say so
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as fault:
        listener.close()
        raise SettingsError(f"port {port} cannot be used ({fault.strerror}); choose another one") from fault
    return listener


def _protocol(transports: dict[Any, asyncio.Transport]) -> type[H11Protocol]:
    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.client, None)
            super().connection_lost(exc)

    return Protocol
