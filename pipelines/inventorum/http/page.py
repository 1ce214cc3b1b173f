"""What one answer of a list endpoint holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from msgspec import Raw


class BrokenBody(ValueError):
    """A body that is no page: cut, not JSON, HTML, a list, an error object. Holds nothing of the body."""


class OrderRow(NamedTuple):
    """One order as it was sent; `state` and `channel` are None where they cannot be read.

    Attributes:
        payload: UTF-8; a part of the answer's body, which stays in memory as long.
    """

    order_id: int
    channel: str | None
    state: int | None
    payload: Raw
    content_hash: str


class Rejected(NamedTuple):
    """A record that is no order, or that no BIGINT or UTF-8 text column can hold."""

    reason: str
    order_id: str | None
    payload: str


class Page(NamedTuple):
    """One answer of a list endpoint.

    Attributes:
        total: How many orders match over all pages, if the answer says so.
        orders: In the order in which they were sent.
        rejected: Records for the quarantine.
        keys: Per record in the order sent: its id, or a text that stands for the record where the server may
            sort by something else than the id that we read (rejected records, ids in quotes, odd JSON).
        damaged: How many of the rejected are no JSON at all: perhaps the answer was hurt on its way.
    """

    total: int | None
    orders: list[OrderRow]
    rejected: list[Rejected]
    keys: list[int | str]
    damaged: int = 0


@dataclass(frozen=True)
class Answer:
    """A page with what its HTTP answer said.

    Attributes:
        date: The server's clock (`Date` header, whole seconds).
        seconds: How long the attempt took that brought it.
        processed_version: `X-Inv-Processed-Version`, the version that the server really used.
        rid: `X-Rid`, the server's id of the request.
        bytes: Size of the unpacked body.
    """

    page: Page
    date: datetime
    seconds: float = 0.0
    processed_version: int | None = None
    rid: str | None = None
    bytes: int = 0
