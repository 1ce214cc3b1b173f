"""A loopback server that answers `/api/orders/delta/` from orders made beforehand, as fast as Python can.

Its own process: what it costs is not measured. `python -m tests.benchmarks.server ORDERS` prints its port;
`--shape many-products` gives it the shop of `tests.benchmarks.many_products` in the place of the sandbox's.

    /control/change?count=500      changes so many orders
    /control/settle                the changes so far lie an hour back, as if that time had passed
    /control/latency?seconds=0.1   delays every answer from now on
    /control/arrivals              the times at which requests came since the last such question
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from random import Random
from urllib.parse import parse_qsl, urlsplit

from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.payload import CANCELED, PENDING, READ, REFUNDED
from tests.benchmarks.many_products import many_products

CAP = 100
ORDERS_PER_DAY = 700
LONG_AGO = timedelta(hours=1)  # more than the overlap of two syncs
YOUNG = 5_000  # half of the changes fall on the newest orders, the others anywhere
BITS = (READ,) * 8 + (REFUNDED, CANCELED)
STATE = re.compile(rb'"state":(\d+),"customer"')


@dataclass(slots=True)
class Order:
    """One order as it is sent; `modified` in microseconds since 1970."""

    key: int
    modified: int
    payload: bytes


def of_the_sandbox(orders: int, seed: int, end: datetime) -> Iterator[tuple[str, Order]]:
    """Channels and orders of the sandbox's shop, by id."""
    shop = make_shop(seed, orders=orders, days=max(30, orders // ORDERS_PER_DAY), end=end)
    kept = [order for order in shop.book.by_id.values() if not order.state & PENDING]
    for order in sorted(kept, key=lambda order: order.key):
        yield order.channel, Order(order.key, order.modified, order.payload)


def of_many_products(orders: int, seed: int, end: datetime) -> Iterator[tuple[str, Order]]:
    """Channels and orders of a shop whose keys are many, by id."""
    for made in many_products(orders, seed=seed, end=end):
        yield made.channel, Order(made.key, round(made.completed.timestamp() * 1_000_000), made.payload.encode())


SANDBOX = "sandbox"
SHAPES = {SANDBOX: of_the_sandbox, "many-products": of_many_products}


class Book:
    """The orders of a shop, by channel and id."""

    def __init__(self, orders: int, seed: int = 1, shape: str = SANDBOX) -> None:
        # its past ends before the overlap of a second sync begins
        end = datetime.now(UTC) - timedelta(hours=2)
        self.all: list[Order] = []
        self.by_channel: dict[str, list[Order]] = {}
        for channel, row in SHAPES[shape](orders, seed, end):
            self.all.append(row)
            self.by_channel.setdefault(channel, []).append(row)
        self._settled = max(order.modified for order in self.all)
        self._changed: dict[int, Order] = {}
        self._rng = Random(seed)

    def since(self, channel: str | None, moment: int | None) -> list[Order]:
        """Orders changed at or after a time, by id."""
        rows = self.by_channel.get(channel, []) if channel else self.all
        if moment is None:
            return rows
        if moment <= self._settled:
            return [order for order in rows if order.modified >= moment]
        keys = [order.key for order in rows]
        found = []
        for key in sorted(self._changed):
            place = bisect_left(keys, key)
            if place < len(keys) and keys[place] == key and rows[place].modified >= moment:
                found.append(rows[place])
        return found

    def change(self, count: int) -> None:
        """Give so many orders another state."""
        young = range(max(0, len(self.all) - YOUNG), len(self.all))
        chosen = set(self._rng.sample(young, min(count // 2, len(young))))
        while len(chosen) < count:
            chosen.add(self._rng.randrange(len(self.all)))
        now = time.time_ns() // 1000
        for place in chosen:
            order = self.all[place]
            bit = self._rng.choice(BITS)
            order.payload = STATE.sub(lambda found, bit=bit: _state(int(found[1]) ^ bit), order.payload, count=1)
            order.modified = now
            self._changed[order.key] = order

    def settle(self) -> None:
        """Put every change so far into the past; who has not read it yet may miss it."""
        if self._changed:
            self._settled = time.time_ns() // 1000 - round(LONG_AGO.total_seconds() * 1_000_000)
            for order in self._changed.values():
                order.modified = self._settled
            self._changed.clear()


def _state(state: int) -> bytes:
    return b'"state":%d,"customer"' % state


class Server:
    """Answers requests from a book."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.latency = 0.0
        self.arrivals: list[float] = []
        self._selections: dict[tuple[str | None, str | None], list[Order]] = {}

    def answer(self, target: str) -> bytes:
        """The whole HTTP answer to a GET."""
        url = urlsplit(target)
        params = dict(parse_qsl(url.query))
        if url.path == "/api/orders/delta/":
            return self._page(params)
        if url.path == "/control/change":
            self.book.change(int(params["count"]))
            self._selections.clear()
        elif url.path == "/control/settle":
            self.book.settle()
            self._selections.clear()
        elif url.path == "/control/latency":
            self.latency = float(params["seconds"])
        elif url.path == "/control/arrivals":
            arrivals, self.arrivals = self.arrivals, []
            return _http(200, json.dumps(arrivals).encode())
        else:
            return _http(404, b"{}")
        return _http(200, b"{}")

    def _page(self, params: dict[str, str]) -> bytes:
        self.arrivals.append(time.monotonic())
        key = params.get("channel"), params.get("start_date")
        if key not in self._selections:
            since = None if key[1] is None else int(datetime.fromisoformat(key[1]).timestamp() * 1_000_000)
            self._selections[key] = self.book.since(key[0], since)
        found = self._selections[key]
        limit = min(int(params.get("limit", CAP)), CAP)
        offset = int(params.get("page", 0)) * limit
        rows = found[offset : offset + limit]
        return _http(200, b'{"total":%d,"data":[%b]}' % (len(found), b",".join([order.payload for order in rows])))


def _http(status: int, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} OK\r\nDate: {formatdate(usegmt=True)}\r\nContent-Type: application/json\r\n"
        f"X-Inv-Processed-Version: 12\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests have no body."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            target = self._received.split(b" ", 2)[1].decode()
            self._received = self._received[end + 4 :]
            answer = self._server.answer(target)
            if self._server.latency:
                asyncio.get_running_loop().call_later(self._server.latency, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(orders: int, shape: str) -> None:
    server = Server(Book(orders, shape=shape))
    listening = await asyncio.get_running_loop().create_server(lambda: Connection(server), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # ends with whoever started it


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("orders", type=int)
    parser.add_argument("--shape", choices=SHAPES, default=SANDBOX)
    options = parser.parse_args()
    asyncio.run(_serve(options.orders, options.shape))


if __name__ == "__main__":
    main()
