"""Commands that speak with the API directly: orders asks, basket create writes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.terminal import Common, Ended, command, console, show_json, show_pairs, show_table

if TYPE_CHECKING:
    from pipelines.errors import RequestRefused


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    command(app)(orders)
    basket = typer.Typer(help="Write to the account.", no_args_is_help=True, rich_markup_mode=None)
    command(basket)(create)
    app.add_typer(basket, name="basket")


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

    from pipelines import run
    from pipelines.commands.orders import ask
    from pipelines.errors import SettingsError
    from pipelines.period import parse_instant

    settings = common.settings(channel)
    start = parse_instant(first, what="--from", timezone=settings.timezone)
    end = parse_instant(last, what="--to", timezone=settings.timezone, last=True)
    if start >= end:
        raise SettingsError(f"--from {first} is not before --to {last}. Nothing was asked.")
    api = run.connect(settings, settings.require_login())
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


def create(
    common: Common,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="JSON in the API's form; - reads standard input.")
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="PRODUCT:QUANTITY:PRICE", help="Product id, number, net price of one; repeat."),
    ] = None,
    customer: Annotated[int | None, typer.Option("--customer", metavar="ID", help="An existing customer.")] = None,
    discount: Annotated[
        str | None, typer.Option("--discount", metavar="10%|5.00", help="Off the basket: a share, or gross money.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note", help="Internal note.")] = None,
    invoice_note: Annotated[str | None, typer.Option("--invoice-note", help="Note on the invoice.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Send without asking.")] = False,
) -> int | Ended:
    """Create a basket in the account (POST /basket/, scope `checkout`); asks before it sends.

    It is sent once: the API has no key against doubles, so when no answer comes, look before you send again.
    The price counts only for products with a custom price.

    --json: `id` (of the order), `basket`, `user`, `customer`, `state`, `channel`, `completed_at`, `description`; if
    refused `error`, `kind`, `exit_code`, `fields`.

    Example: inventorum basket create --item 4711:2:5.87 --note "By phone"
    """
    from pipelines import run
    from pipelines.commands.basket import described, from_file, from_flags, further
    from pipelines.errors import RequestRefused, SettingsError
    from pipelines.inventorum.http.basket import read_basket

    flags = item or customer is not None or discount or note or invoice_note
    if (file is None) == (not flags):
        raise SettingsError("Give either a JSON file or --item and its companions. Nothing was sent.")
    if file is None:
        basket = from_flags(item or [], customer=customer, note=note, invoice_note=invoice_note, discount=discount)
    elif str(file) == "-":
        basket = read_basket(sys.stdin.buffer.read())
    else:
        basket = from_file(file)
    settings = common.settings()
    api = run.connect(settings, settings.require_login())
    if not yes:
        _confirm(described(basket), further(basket), settings.base_url)
    try:
        created = api.create_basket(basket)
    except RequestRefused as error:
        return _refused(error, common)
    if common.as_json:
        show_json({name: getattr(created, name) for name in created.__struct_fields__})
        return 0
    show_pairs({"order": created.id, "basket": created.basket or "not told", "state": created.state or "not told"})
    console().print(
        "It is a draft; it counts once it is paid at the till. See it arrive with `inventorum sync`, then "
        f"`inventorum explain {created.id}`.",
        markup=False,
    )
    return 0


def _refused(error: RequestRefused, common: Common) -> Ended:
    """The API's own words, per field where it names some."""
    told = {"error": str(error), "kind": "RequestRefused", "exit_code": error.exit_code, "fields": error.fields}
    lines = [f"  {name}: {' '.join(messages)}" for name, messages in error.fields.items()]
    reason = "\n".join(["The API refused the basket; nothing was created.", *lines]) if lines else str(error)
    return Ended(error.exit_code, reason, lambda: show_json(told) if common.as_json else None, is_error=not lines)


def _confirm(items: list[list[object]], more: dict[str, object], base_url: str) -> None:
    """Show what would be sent and ask; refuse where nobody can answer."""
    from pipelines.errors import SettingsError

    if not sys.stdin.isatty():
        raise SettingsError("Nobody can be asked here: add --yes to send the basket. Nothing was sent.")
    show_table(["product", "quantity", "net price", "name", "discount"], items)
    show_pairs(more)
    if not typer.confirm(f"Create this basket at {base_url}?"):
        raise SettingsError("Nothing was sent.")


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
