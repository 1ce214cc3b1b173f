"""The sandbox as a real HTTP server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import struct
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Self

from starlette.requests import ClientDisconnect
from starlette.requests import Request as IncomingRequest
from starlette.types import Receive, Scope, Send

from pipelines.sandbox import trading
from pipelines.sandbox.answers import Api, Reply, Request, json_reply
from pipelines.sandbox.faults import Fault, Faults
from pipelines.sandbox.faulty import NEEDS_ANSWER, error_reply, made_up, spoiled
from pipelines.sandbox.loopback import Loopback
from pipelines.sandbox.shop import Shop
from pipelines.sandbox.switches import Switches
from pipelines.sandbox.tokens import Tokens
from pipelines.sandbox.trading import Trade

Hook = Callable[[Request], object]
HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
MOST_BYTES = 1024 * 1024  # of a body
REMEMBERED = 50_000  # requests


class Sandbox:
    """A server that behaves as the API is documented, for as long as the `with` block lasts.

    Attributes:
        switches: How it behaves where the documentation is silent; may be changed at any time.
        faults: What will go wrong in the next answers.
        tokens: The login.
        requests: Every request so far; of very many the newest.
    """

    def __init__(
        self,
        shop: Shop,
        *,
        port: int = 0,
        scope: str = "orders checkout",
        token_life: float = 36_000,
        rotate: bool = True,
        login: str | None = None,
        **switches: Any,
    ) -> None:
        """Prepares the server.

        Args:
            shop: The account that it serves.
            port: 0: any free one.
            scope: What access tokens allow, separated by spaces.
            token_life: Seconds until a refreshed access token expires, as `expires_in` says.
            rotate: Whether each refresh ends the refresh token that it used.
            login: Makes the tokens <login>-access, <login>-secret, <login>-refresh; default: random ones.
            switches: See Switches.
        """
        self.switches = Switches(**switches)
        self.faults = Faults()
        self.tokens = Tokens(scope=scope, life=token_life, rotate=rotate, name=login)
        self.requests: list[Request] = []
        self._count = 0
        self._api = Api(shop, self.switches, self.tokens)
        self._hooks: list[Hook] = []
        self._broken: Exception | None = None
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self._port = port

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop()
        if kind is None and self._broken is not None:
            raise self._broken

    @property
    def shop(self) -> Shop:
        """The account that is served; another one may be put in its place."""
        return self._api.shop

    @shop.setter
    def shop(self, shop: Shop) -> None:
        self._api.shop = shop

    @property
    def base_url(self) -> str:
        """Where the API is, like https://app.inventorum.com/api."""
        return f"http://127.0.0.1:{self._port}/api"

    @property
    def access_token(self) -> str:
        """The newest access token."""
        return self.tokens.access_token

    @property
    def client_id(self) -> str:
        """For the refresh-token login."""
        return self.tokens.client_id

    @property
    def client_secret(self) -> str:
        """For the refresh-token login."""
        return self.tokens.client_secret

    @property
    def refresh_token(self) -> str:
        """The refresh token that works now."""
        return self.tokens.refresh_token

    def before_request(self, hook: Hook) -> Hook:
        """Calls `hook(request)` before each request is answered; it may change the shop.

        What a hook raises is answered with 400 and raised again at the end of the `with` block.
        """
        self._hooks.append(hook)
        return hook

    def clear_hooks(self) -> None:
        """Forgets the hooks."""
        self._hooks.clear()

    def reset(self, shop: Shop) -> None:
        """Serves another account and forgets faults, hooks and requests; switches and tokens stay."""
        self.shop = shop
        self.faults.clear()
        self.clear_hooks()
        self.requests.clear()
        self._count = 0

    def start(self) -> None:
        """Begins to answer.

        Raises:
            SettingsError: The port is taken.
        """
        self._server = Loopback(self._serve, self._port)
        self._port = self._server.port

    def stop(self) -> None:
        """Ends all connections and frees the port."""
        self._server.end()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._respond(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as error:
            self._broken = error
            raise

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = IncomingRequest(scope, receive)
        refused = None if _host_of(incoming) in HOSTS else json_reply(421, {"detail": "This is another host."})
        body = b"" if refused else await _body_of(incoming)
        if body is None:
            refused = json_reply(413, {"detail": f"A body has at most {MOST_BYTES} bytes."})
        if refused is not None:
            refused.headers["Connection"] = "close"  # what is left of it is not read
            await self._start(refused, None, send)
            await send({"type": "http.response.body", "body": refused.body})
            return
        self._count += 1
        request = Request(
            number=self._count,
            method=incoming.method,
            path=scope["path"],
            params=dict(incoming.query_params),
            headers=dict(incoming.headers),
            body=body or b"",
            query=incoming.url.query,
        )
        self.requests.append(request)
        if len(self.requests) > 2 * REMEMBERED:
            del self.requests[:-REMEMBERED]
        if self.switches.latency:
            await asyncio.sleep(self.switches.latency)
        reply, fault = self._reply(request)
        transport = self._server.transports.get(tuple(scope["client"]))
        if transport is None:  # the client has left
            return
        if fault is not None and fault.kind in ("reset", "close", "hang"):
            await self._drop(fault, transport)
        elif fault is not None and fault.kind in ("cut", "drip"):
            await self._start(reply, fault, send)
            await self._trickle(reply.body, fault, transport, send)
        else:
            await self._start(reply, fault, send)
            await send({"type": "http.response.body", "body": reply.body})

    def _reply(self, request: Request) -> tuple[Reply, Fault | None]:
        try:
            for hook in self._hooks:
                hook(request)
        except Exception as error:  # told to whoever set the hook, see before_request
            self._broken = error
            return json_reply(400, {"detail": f"a before_request hook failed: {error!r}"}), None
        throttled = self._throttled(request)
        if throttled is not None:
            return throttled, None
        fault = self.faults.take(request.path)
        if fault is None:
            return self._compressed(self._api.answer(request), request), None
        needs_answer = fault.kind in NEEDS_ANSWER
        reply = self._api.answer(request) if needs_answer or fault.processed else Reply(200)
        if fault.status is not None:
            return error_reply(fault, fault.status, self._api.date(ahead=1), request.path), fault
        return spoiled(reply, fault.kind) if needs_answer else made_up(fault, self.base_url), fault

    def _throttled(self, request: Request) -> Reply | None:
        limit = self.switches.rate_limit
        if limit is None or request.path.endswith("/auth/token/"):
            return None
        recent = self._recent[request.headers.get("authorization", "")]
        now = time.monotonic()
        while recent and recent[0] <= now - 1:
            recent.popleft()
        if len(recent) < limit:
            recent.append(now)
            return None
        reply = json_reply(429, {"detail": "Request was throttled."})
        if self.switches.retry_after:
            reply.headers["Retry-After"] = "1" if self.switches.retry_after == "seconds" else self._api.date(1)
        return reply

    def _compressed(self, reply: Reply, request: Request) -> Reply:
        if self.switches.gzip and "gzip" in request.headers.get("accept-encoding", ""):
            reply.body = gzip.compress(reply.body, 1)
            reply.headers["Content-Encoding"] = "gzip"
        return reply

    async def _start(self, reply: Reply, fault: Fault | None, send: Send) -> None:
        headers = {"Server": "nginx", "X-Rid": uuid.uuid4().hex, "Content-Length": str(len(reply.body))}
        if fault is None or fault.kind != "no_date":
            headers["Date"] = self._api.date()
        headers |= reply.headers
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            }
        )

    async def _trickle(self, body: bytes, fault: Fault, transport: asyncio.Transport, send: Send) -> None:
        """Half of the body and then nothing, or all of it byte by byte."""
        if fault.kind == "cut":
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            transport.close()
            return
        for place in range(len(body)):
            if transport.is_closing() or self._server.ended:
                transport.abort()
                return
            await send({"type": "http.response.body", "body": body[place : place + 1], "more_body": True})
            await asyncio.sleep(fault.pause)
        await send({"type": "http.response.body", "body": b""})

    async def _drop(self, fault: Fault, transport: asyncio.Transport) -> None:
        """No answer at all: at once, or until the client gives up."""
        while fault.kind == "hang" and not (transport.is_closing() or self._server.ended):
            await asyncio.sleep(0.02)
        if fault.kind == "reset":
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()


def serve(
    shop: Shop,
    *,
    port: int = 0,
    trade_every: float | None = None,
    trade_hours: float | None = 1,
    on_ready: Callable[[Sandbox], object] | None = None,
    on_trade: Callable[[Trade], object] | None = None,
    **switches: Any,
) -> None:
    """Runs a sandbox until Ctrl-C; its tokens are the same each time: sandbox-access and so on.

    Args:
        shop: The account that it serves.
        port: 0: any free one.
        trade_every: Seconds between two rounds in which the shop goes on trading; None: it rests.
        trade_hours: How much of the shop's time such a round takes; None: a day at the till.
        on_ready: Called with the running sandbox.
        on_trade: Called after each round with its summary.
        switches: See Sandbox and Switches.

    Raises:
        SettingsError: The port is taken.
    """
    with Sandbox(shop, port=port, **({"login": "sandbox"} | switches)) as sandbox:
        try:
            if on_ready:
                on_ready(sandbox)
            while True:
                time.sleep(trade_every or 3600)
                if trade_every:
                    trade = trading.trade(shop, hours=trade_hours)
                    if on_trade:
                        on_trade(trade)
        except KeyboardInterrupt:
            return


def _host_of(request: IncomingRequest) -> str:
    """What the client takes this server for: a page in a browser can be led here under a name of its own."""
    host = request.headers.get("host", "")
    return host.rpartition(":")[0] if re.fullmatch(r".*:\d*", host) else host


async def _body_of(request: IncomingRequest) -> bytes | None:
    """The body; None: it is too large, and the rest of it is not read."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            return None
    return body
