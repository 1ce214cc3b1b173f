"""Orders asked of `GET /orders/` now, beside what the warehouse has of them; nothing is loaded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo

import typer

from pipelines.errors import HomeError, LockedError, RequestRefused
from pipelines.terminal import Common, console, show_json, show_table

if TYPE_CHECKING:
    from pipelines.inventorum.http.client import InventorumClient
    from pipelines.inventorum.http.pages import OrderRow
    from pipelines.progress import Progress
    from pipelines.settings import Files


Mark = Literal["same", "differs", "new"]

STATES = {
    1: "draft",
    2: "pending",
    4: "canceled",
    8: "closed",
    16: "refunded",
    32: "shipped",
    64: "delivered",
    128: "test print",
    256: "paid",
    512: "read",
}
# The API's page names it for /orders/delta/ only.
DOUBTFUL = frozenset({"backoffice"})


@dataclass(frozen=True)
class LiveOrder:
    """One order as the API has it now.

    Attributes:
        created_at: None if the API sent none that can be read.
        states: The names of the bits in `state`.
        amount_paid: As sent.
        warehouse: `same`, `differs`, or `new`: not in the warehouse.
    """

    order_id: int
    channel: str
    created_at: datetime | None
    state: int | None
    states: str
    invoice_number: str | None
    amount_paid: str | None
    warehouse: Mark

    @property
    def kind(self) -> str:
        """The state in a word, as the warehouse classes it; a refunded sale as `refunded`."""
        names = set(self.states.split(", "))
        if self.state is None:
            return "unknown"
        for state, word in (("test print", "test"), ("draft", "draft"), ("canceled", "canceled")):
            if state in names:
                return word
        if not names & {"paid", "closed"}:
            return "open"
        return "refunded" if "refunded" in names else "sale"


@dataclass(frozen=True)
class LiveOrders:
    """What the API answered.

    Attributes:
        orders: By time of creation, newest last.
        refused: Channels that /orders/ does not know.
        quarantined: Records that are no orders.
        has_warehouse: Whether there was one to compare with.
    """

    orders: list[LiveOrder]
    refused: list[str]
    quarantined: int
    has_warehouse: bool

    def count(self, mark: Mark) -> int:
        """How many orders have that mark."""
        return sum(order.warehouse == mark for order in self.orders)


def ask(
    api: InventorumClient,
    start: datetime,
    end: datetime,
    *,
    channels: Sequence[str],
    named: frozenset[str],
    search: str | None,
    timezone: str,
    account: str,
    files: Files,
    progress: Progress,
) -> LiveOrders:
    """Orders created from `start` to before `end`.

    Args:
        named: Channels that the user asked for; others may be refused.
        search: Words that the API looks for; it decides where.

    Raises:
        InventorumError: The API did not answer.
        TransformError: The warehouse cannot be opened.
    """
    found: dict[int, OrderRow] = {}
    refused = []
    rejected = 0
    for channel in channels:
        try:
            for answer in _answers(api, channel, start, end, search, timezone):
                found |= {row.order_id: row for row in answer.page.orders}
                rejected += len(answer.page.rejected)
                progress.update("orders found", len(found))
        except RequestRefused:
            if channel in named or channel not in DOUBTFUL:
                raise
            refused.append(channel)
    known = _known(files, account, found)
    orders = [_read(row, known) for row in found.values()]
    inside = [order for order in orders if order.created_at is None or start <= order.created_at < end]
    inside.sort(key=lambda order: (order.created_at or datetime.min.replace(tzinfo=UTC), order.order_id))
    return LiveOrders(inside, refused, rejected, files.warehouse.exists())


def _answers(
    api: InventorumClient, channel: str, start: datetime, end: datetime, search: str | None, timezone: str
) -> Iterable[Any]:
    from pipelines.inventorum.reading.slices import slices

    zone = ZoneInfo(timezone)
    for piece in slices(
        lambda begin, last, page, limit: api.orders(
            begin, last, tz=zone, channel=channel, page=page + 1, limit=limit, search=search
        ),
        start,
        end,
        tz=zone,
    ):
        yield from piece.answers


def _known(files: Files, account: str, found: Mapping[int, OrderRow]) -> dict[int, str]:
    """Content hashes of those orders that the warehouse has; the asked one's where both say the same."""
    from transforms.readers.published import open_published

    if not files.warehouse.exists():
        return {}
    with closing(open_published(files.warehouse)) as connection:
        known = dict(
            connection.execute(
                "select order_id, content_hash from core.fct_orders "
                "where account = ? and order_id in (select unnest(?::bigint[]))",
                [account, list(found)],
            ).fetchall()
        )
    other = [row for key, row in found.items() if key in known and known[key] != row.content_hash]
    return known | {key: found[key].content_hash for key in _respelled(files, account, other)}


def _respelled(files: Files, account: str, rows: Sequence[OrderRow]) -> set[int]:
    """Orders that are only written otherwise; none where the landing log cannot be asked just now."""
    from pipelines.landing.versions import written_otherwise

    try:
        return written_otherwise(files, account, rows)
    except (HomeError, LockedError):
        return set()


def _read(row: OrderRow, known: dict[int, str]) -> LiveOrder:
    try:
        members = json.loads(bytes(row.payload))
    except ValueError:
        members = {}
    basket = members.get("basket")
    invoice = basket.get("invoice_number") if isinstance(basket, dict) else None
    paid = members.get("amount_paid")
    has = known.get(row.order_id)
    return LiveOrder(
        order_id=row.order_id,
        channel=row.channel or "unknown",
        created_at=_moment(members.get("time_added")),
        state=row.state,
        states=", ".join(name for bit, name in STATES.items() if row.state is not None and row.state & bit),
        invoice_number=str(invoice) if invoice else None,
        amount_paid=None if paid is None else str(paid),
        warehouse="new" if has is None else "same" if has == row.content_hash else "differs",
    )


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def orders(
    common: Common,
    first: Annotated[str, typer.Option("--from", metavar="D", help="2026-11-01, 2026-11 or 2026-11-01T08:00.")],
    last: Annotated[str, typer.Option("--to", metavar="D", help="A day is included up to its end.")],
    channel: Annotated[
        list[str] | None, typer.Option("--channel", "-c", metavar="C", help="Only this channel; repeat for more.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="WORDS", help="Words that the API looks for.")
    ] = None,
) -> int:
    """Ask the API for the orders created in a time, and mark what the warehouse has of them.

    Loads nothing. The API leaves out drafts. `same`: the warehouse has the order like this; `differs`: it changed
    since; `new`: it is not there. Times are the shop's.

    --json: `orders` (`order_id`, `channel`, `created_at`, `state`, `states`, `invoice_number`, `amount_paid`,
    `warehouse`), `refused` (channels), `quarantined`, `has_warehouse`.

    Example: inventorum orders --from 2026-11-01 --to 2026-11-01 --channel ipad
    """
    from zoneinfo import ZoneInfo

    from pipelines.connection import connect
    from pipelines.errors import SettingsError
    from pipelines.period import parse_instant

    settings = common.settings(channel)
    start = parse_instant(first, what="--from", timezone=settings.timezone)
    end = parse_instant(last, what="--to", timezone=settings.timezone, last=True)
    if start >= end:
        raise SettingsError(f"--from {first} is not before --to {last}. Nothing was asked.")
    api = connect(settings, settings.require_login())
    with common.progress() as progress:
        found = ask(
            api,
            start,
            end,
            channels=settings.channels,
            named=frozenset(channel or ()),
            search=search,
            timezone=settings.timezone,
            account=settings.account,
            files=settings.files,
            progress=progress,
        )
    if common.as_json:
        show_json(found)
        return 0
    zone = ZoneInfo(settings.timezone)
    if found.orders:
        show_table(
            ["order", "channel", "created", "receipt", "paid", "state", "here"],
            [
                [
                    str(order.order_id),
                    order.channel,
                    f"{order.created_at.astimezone(zone):%Y-%m-%d %H:%M}" if order.created_at else None,
                    order.invoice_number,
                    _amount(order.amount_paid),
                    order.kind,
                    order.warehouse,
                ]
                for order in found.orders
            ],
            right=["order", "paid"],
        )
    out = console()
    out.print(
        f"{len(found.orders)} orders: {found.count('same')} as in the warehouse, {found.count('differs')} differ, "
        f"{found.count('new')} new." + ("" if found.has_warehouse else " Nothing is published yet, so all are new.")
    )
    if found.refused:
        out.print(f"Not known to this endpoint: {', '.join(found.refused)}.")
    if found.quarantined:
        out.print(f"{found.quarantined} records are no orders and were left out.")
    if found.count("differs") or found.count("new"):
        out.print("Drafts apart, `inventorum sync` brings what is new or differs.")
    return 0


def _amount(text: str | None) -> str | None:
    """138.6000000000 as 138.60; anything else as it was sent."""
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text) if text is not None else None
        if value is not None and value == value.quantize(Decimal("0.01")):
            return f"{value:.2f}"
    except InvalidOperation:
        return text
    return text
