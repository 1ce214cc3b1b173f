"""What an API may do: other answers than documented, odd records, logins that end, clocks that jump."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pipelines.sandbox.clock import microseconds, wire_time
from tests.lives.life import A_RUN, INCOMPLETE, QUARANTINED, REFUSED, Life
from tests.support.payloads import line, payment, sale

PATIENCE = 3.0  # seconds

PASSING = ("429", "500", "502", "503", "504", "reset", "close", "cut", "broken_json", "html", "empty_body", "null")
"""Faults after which the same question is asked again."""
LASTING = ("400", "404", "403", "401", "redirect", "redirect_away", "list", "no_date", "empty_page", "418")
SLOW = ("hang", "drip")
"""Answers that are given up after a while, here a short one, and asked for again."""


@dataclass(frozen=True)
class Trouble:
    """The next answers go wrong; the run that meets them may fail, and nothing else follows from it."""

    kind: str
    after: int = 0
    times: int = 1
    command: str = "sync"

    def happen(self, life: Life) -> None:
        is_slow = self.kind in SLOW
        life.sandbox.faults.push(self.kind, after=self.after, times=1 if is_slow else self.times)
        codes = {0, INCOMPLETE} if self.kind in (*PASSING, *SLOW) else {0, 1, REFUSED, INCOMPLETE}
        if self.kind in PASSING and self.times == 1:
            codes = {0}
        life.inventorum(self.command, may=codes, patience=PATIENCE if is_slow else None)
        life.sandbox.faults.clear()


@dataclass(frozen=True)
class Behaves:
    """From now on the server behaves otherwise where its documentation is silent."""

    switch: str
    value: Any

    def happen(self, life: Life) -> None:
        setattr(life.sandbox.switches, self.switch, self.value)


SWITCHES = (
    ("delta_first_page", 0),
    ("delta_first_page", 1),
    ("delta_cap", 20),
    ("delta_cap", 50),
    ("orders_cap", 20),
    ("orders_cap", 100),
    ("page_zero", "repeat"),
    ("page_zero", "404"),
    ("past_end", "repeat"),
    ("past_end", "404"),
    ("gzip", True),
    ("relative_delta_state", True),
)


@dataclass(frozen=True)
class Odd:
    """A record that is no order as documented; see RECORDS."""

    what: str
    channel: int = 0

    def happen(self, life: Life) -> None:
        number = max([899, *(key for key, order in life.shop.orders.items() if order.planted and key < 10**6)]) + 1
        channel = life.channels[self.channel % len(life.channels)]
        at = wire_time(microseconds(life.shop.clock.now()) // 1_000_000)
        order = sale(number, channel=channel, time_added=at, completed_at=at, payments=[payment(number, date=at)])
        text = RECORDS[self.what](order)
        life.shop.raw(channel, text if isinstance(text, str) else json.dumps(text))
        if self.what in REJECTED:
            life.excuses["odd records"] = frozenset({QUARANTINED})
        else:
            life.odd = True


def _basket(order: dict[str, Any], **members: Any) -> dict[str, Any]:
    return order | {"basket": order["basket"] | members}


def _without_id(order: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if name != "id"}


def _twice(order: dict[str, Any]) -> str:
    return json.dumps(order).replace('"state": 360', '"state": 2, "state": 360')


RECORDS: dict[str, Any] = {
    "no id": _without_id,
    "null id": lambda order: order | {"id": None},
    "id of words": lambda order: order | {"id": "abc"},
    "id beyond BIGINT": lambda order: order | {"id": 2**63},
    "a fraction as id": lambda order: order | {"id": 1.5},
    "a negative id": lambda order: order | {"id": -1},
    "an id in quotes": lambda order: order | {"id": str(order["id"])},
    "new fields": lambda order: order | {"loyalty": {"points": [1, 2]}},
    "names twice": _twice,
    "product null": lambda order: _basket(order, items=[line(1, product=None)]),
    "product -1": lambda order: _basket(order, items=[line(1, product=-1)]),
    "product 0": lambda order: _basket(order, items=[line(1, product=0)]),
    "customer -1": lambda order: order | {"customer": {"id": -1, "last_name": "Nobody"}},
    "customer without id": lambda order: order | {"customer": {"last_name": "Nobody"}},
    "user -1": lambda order: order | {"user_id": -1},
    "no items": lambda order: _basket(order, items=[]),
    "items null": lambda order: _basket(order, items=None),
    "no payments": lambda order: order | {"payments": []},
    "payment method null": lambda order: order | {"payments": [payment(1, payment_method=None)]},
    "payment method unknown": lambda order: order | {"payments": [payment(1, payment_method="unknown")]},
    "amount of words": lambda order: order | {"amount_paid": "many"},
    "price of words": lambda order: _basket(order, items=[line(1, "many")]),
    "price below zero": lambda order: _basket(order, items=[line(1, "-3.33")]),
    "rate null": lambda order: _basket(order, items=[line(1, tax_rate=None)]),
    "rate of words": lambda order: _basket(order, items=[line(1, tax_rate="abc")]),
    "channel null": lambda order: order | {"channel": None},
    "channel unknown": lambda order: order | {"channel": "unknown"},
    "state null": lambda order: order | {"state": None},
    "state unknown": lambda order: order | {"state": 360 | 4096},
    "time null": lambda order: order | {"time_added": None, "completed_at": None},
    "time of words": lambda order: order | {"time_added": "never", "completed_at": "never"},
    "time of 1970": lambda order: (
        order | {"time_added": "1970-01-01T00:00:00+00:00", "completed_at": "1970-01-01T00:00:00+00:00"}
    ),
    "time to come": lambda order: order | {"completed_at": "2031-01-01T00:00:00+00:00"},
    "carriage return": lambda order: _basket(order, note_external="one\rtwo", items=[line(1, name="a\rb")]),
    "lone surrogate": lambda order: _basket(order, invoice_number="R-\ud800"),
    "customer of many": lambda order: order | {"customer": {"id": 2**63, "last_name": "\ud800"}},
    "shipment odd": lambda order: order | {"shipment": {"id": -1, "service": {"id": -1}, "cost": "free"}},
    "discount odd": lambda order: _basket(order, discount={"type": "half", "amount": None}),
}
REJECTED = frozenset({"no id", "null id", "id of words", "id beyond BIGINT", "a fraction as id"})


@dataclass(frozen=True)
class LoginEnds:
    """The access token expires, or the whole login is revoked until the operator gives a new one."""

    revoked: bool = False

    def happen(self, life: Life) -> None:
        tokens = life.sandbox.tokens
        tokens.revoke() if self.revoked else tokens.expire()
        if self.revoked or not life.rotating:
            life.excuses["login"] = frozenset({REFUSED})


@dataclass(frozen=True)
class ClockJumps:
    """The server's clock is wrong for one run, and right again before anything changes."""

    minutes: int = 5

    def happen(self, life: Life) -> None:
        right = life.shop.clock.now()
        wrong = timedelta(minutes=self.minutes)
        life.shop.clock.advance(wrong)
        life.inventorum("sync", may={0, INCOMPLETE}, wrong_by=-wrong)
        life.shop.clock.set(right + A_RUN)
        life.was_ahead |= self.minutes > 0


@dataclass(frozen=True)
class ChannelRefused:
    """The account may not ask for a channel any more, or may again."""

    channel: int = 0
    refused: bool = True

    def happen(self, life: Life) -> None:
        name = life.channels[self.channel % len(life.channels)]
        refused = life.sandbox.switches.refused_channels
        life.sandbox.switches.refused_channels = refused | {name} if self.refused else refused - {name}
        life.excuses.pop("refused channel", None)
        if life.sandbox.switches.refused_channels:
            life.excuses["refused channel"] = frozenset({1, INCOMPLETE})
