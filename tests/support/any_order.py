"""Orders with any JSON in any place, and an API that lists texts as they are."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.odd_payloads import FIRST_DAY, MISSING, PATHS, VALUES, ordinary

NAMES = ("id", "name", "items", "discount", "amount", "type", "quantity", "date", "zipcode", "", "ä", "$", "a.b")
STATES = (360, 488, 872, 364, 1, 2, 128)
Path = tuple[Any, ...]


def any_json(dice: random.Random, depth: int = 0) -> Any:
    """Something that JSON can say: mostly a value that means something somewhere."""
    kind = dice.random()
    if kind < 0.55 or depth > 3:
        value = dice.choice(VALUES)
        return "x" if value is MISSING else value
    if kind < 0.65:
        return "".join(chr(dice.choice((dice.randrange(128), dice.randrange(0x80, 0x2FFF)))) for _ in range(6))
    if kind < 0.72:
        return dice.uniform(-1, 1) * 10 ** dice.randrange(40)
    if kind < 0.78:
        return dice.randrange(-(10**24), 10**24)
    if kind < 0.9:
        return [any_json(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(NAMES): any_json(dice, depth + 1) for _ in range(dice.randrange(4))}


def any_order(dice: random.Random, order_id: int) -> str:
    """An order's text in which a few places hold something else, or none at all, or that is no order."""
    order = ordinary(order_id, FIRST_DAY + timedelta(days=order_id % 60), state=dice.choice(STATES))
    for _ in range(dice.randrange(1, 5)):
        path = dice.choice(PATHS) if dice.random() < 0.6 else any_path(dice, order)
        put(order, path, any_json(dice) if dice.random() < 0.8 else MISSING)
    text = json.dumps(order, ensure_ascii=dice.random() < 0.5)
    if dice.random() < 0.03:
        text = text.replace('"state":', '"state":1,"state":', 1)
    if dice.random() < 0.03:
        text = dice.choice(("[" * 500 + "]" * 500, json.dumps(any_json(dice))))
    return text


def changed(dice: random.Random, text: str) -> str:
    """The order with something else in one place; what is no order stays."""
    order = json.loads(text)
    if not isinstance(order, dict):
        return text
    put(order, any_path(dice, order), any_json(dice))
    return json.dumps(order)


def any_path(dice: random.Random, order: Any) -> Path:
    """A place of the order, whatever it is made of."""
    path: list[Any] = []
    while isinstance(order, dict | list) and order and (not path or dice.random() > 0.35):
        path.append(dice.choice(list(order) if isinstance(order, dict) else range(len(order))))
        order = order[path[-1]]
    return tuple(path)


def put(order: Any, path: Path, value: Any) -> None:
    """Put a value there, if that place still exists; the order's own id stays, by which the API sorts."""
    if path in ((), ("id",)):
        return
    for name in path[:-1]:
        if not _has(order, name):
            return
        order = order[name]
    if value is MISSING:
        if _has(order, path[-1]):
            del order[path[-1]]
    elif isinstance(order, dict) or _has(order, path[-1]):
        order[path[-1]] = value


def _has(order: Any, name: Any) -> bool:
    if isinstance(order, dict):
        return name in order
    return isinstance(order, list) and isinstance(name, int) and name < len(order)


@contextmanager
def listing(orders: Sequence[str]) -> Iterator[str]:
    """The address of an API whose one channel lists these texts, in this order; they may be replaced meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            page, limit = int(asked["page"]), int(asked["limit"])
            rows = orders[page * limit : (page + 1) * limit]
            body = f'{{"total": {len(orders)}, "data": [{",".join(rows)}]}}'.encode("utf-8", "surrogatepass")
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
