"""Where the documentation is silent or contradicts itself: how this server behaves, one switch each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outside = Literal["400", "404", "empty", "repeat"]


@dataclass(slots=True)
class Switches:
    """How a sandbox behaves; the defaults are what the documentation says, or is likeliest to mean.

    May be changed while the server runs.

    Attributes:
        delta_first_page: Number of the first page of /orders/delta/; the official client begins with 1.
        delta_cap: Rows that /orders/delta/ gives at most; a larger limit is clamped.
        orders_cap: The same of /orders/.
        page_zero: Answer to a page before the first one; `repeat` gives the first page.
        past_end: Answer to a page behind the last one.
        refused_channels: Channels that the account may not ask for.
        delta_default_channel: Channel of /orders/delta/ without the parameter; None: all of them.
        ignore_order_by: Whether /orders/delta/ keeps its own order whatever is asked.
        relative_delta_state: Whether `delta_state` says created or updated relative to start_date.
        total_error: Added to each `total` (not below 0).
        rate_limit: Requests per second and token that are answered; None: any number.
        retry_after: Header of a 429: seconds, the server's time plus a second, or none.
        latency: Seconds before each answer.
        gzip: Whether bodies are compressed for clients that accept it.
        check_token: Whether requests need a valid access token.
    """

    delta_first_page: int = 0
    delta_cap: int = 100
    orders_cap: int = 40
    page_zero: Outside = "400"
    past_end: Outside = "empty"
    refused_channels: frozenset[str] = frozenset()
    delta_default_channel: str | None = "shop"
    ignore_order_by: bool = False
    relative_delta_state: bool = False
    total_error: int = 0
    rate_limit: int | None = None
    retry_after: Literal["seconds", "date"] | None = "seconds"
    latency: float = 0.0
    gzip: bool = False
    check_token: bool = True
