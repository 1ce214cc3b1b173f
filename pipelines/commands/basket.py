"""A basket from flags or a file, checked before anything is sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.errors import SettingsError
from pipelines.terminal import Common, Ended, command, console, show_json, show_pairs, show_table

if TYPE_CHECKING:
    from pipelines.errors import RequestRefused
    from pipelines.inventorum.http.basket import Basket, BasketItem, Discount


NOTHING_SENT = "Nothing was sent."

group = typer.Typer(help="Write to the account.", no_args_is_help=True, rich_markup_mode=None)


def from_file(path: Path) -> Basket:
    """A basket from a JSON file in the API's own form.

    Raises:
        SettingsError: The file cannot be read, or the basket breaks a rule.
    """
    from pipelines.inventorum.http.basket import read_basket

    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} could not be read: {error.strerror}. {NOTHING_SENT}") from None
    return read_basket(text)


def from_flags(
    items: Sequence[str],
    *,
    customer: int | None = None,
    note: str | None = None,
    invoice_note: str | None = None,
    discount: str | None = None,
) -> Basket:
    """A basket from `PRODUCT:QUANTITY:PRICE` items and the other flags.

    Args:
        discount: `10%` or an amount off the gross price like `5.00`.

    Raises:
        SettingsError: A flag is malformed, or the basket breaks a rule.
    """
    from pipelines.inventorum.http.basket import Basket

    chosen: dict[str, Any] = {}
    if customer is not None:
        chosen["customer"] = customer
    if note is not None:
        chosen["note_internal"] = note
    if invoice_note is not None:
        chosen["note_external"] = invoice_note
    if discount is not None:
        chosen["discount"] = _discount(discount)
    try:
        return Basket(items=[_item(text) for text in items], **chosen)
    except ValueError as error:
        raise SettingsError(f"The basket cannot be sent: {error}. {NOTHING_SENT}") from None


def _item(text: str) -> BasketItem:
    from pipelines.inventorum.http.basket import BasketItem

    parts = text.split(":")
    if len(parts) != 3:
        raise SettingsError(
            f"--item {text!r} must be PRODUCT:QUANTITY:PRICE, like 4711:2:5.87 (net price of one). {NOTHING_SENT}"
        )
    product, quantity, price = parts
    if not re.fullmatch(r"\d{1,18}", product, re.ASCII):
        raise SettingsError(f"--item {text!r}: the product is an id, a whole number. {NOTHING_SENT}")
    if not re.fullmatch(r"\d{1,18}", quantity, re.ASCII) or int(quantity) < 1:
        raise SettingsError(f"--item {text!r}: the quantity is a whole number from 1 on. {NOTHING_SENT}")
    return BasketItem(product=int(product), quantity=int(quantity), price=_decimal(price, f"--item {text!r}"))


def _discount(text: str) -> Discount:
    from pipelines.inventorum.http.basket import Discount

    what = f"--discount {text!r}"
    if text.endswith("%"):
        share = _decimal(text[:-1], what) / 100
        if not 0 < share <= 1:
            raise SettingsError(f"{what} must be more than 0 % and at most 100 %. {NOTHING_SENT}")
        return Discount(amount=share, reason=0, type="percent")
    amount = _decimal(text, what)
    if amount <= 0:
        raise SettingsError(f"{what} must be more than 0. {NOTHING_SENT}")
    return Discount(amount=amount, reason=0, type="cash")


def _decimal(text: str, what: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0:
        raise SettingsError(f"{what}: {text!r} is no amount. Write it like 5.87. {NOTHING_SENT}")
    return value


def described(basket: Basket) -> list[list[Any]]:
    """One line an item: product, quantity, net price of one, name, discount."""
    return [
        [item.product, item.quantity, item.price, _optional(item.name), _reduction(item.discount)]
        for item in basket.items
    ]


def further(basket: Basket) -> dict[str, Any]:
    """What the basket says besides its items, and its net worth before discounts."""
    said: dict[str, Any] = {
        "net before discounts": sum((item.price * item.quantity for item in basket.items), Decimal(0)),
        "customer": _optional(basket.customer),
        "discount": _reduction(basket.discount),
        "note": _optional(basket.note_internal),
        "note on the invoice": _optional(basket.note_external),
    }
    return {name: value for name, value in said.items() if value != ""}


def _optional(value: Any) -> Any:
    return value if isinstance(value, str | int) else ""


def _reduction(discount: Any) -> str:
    from pipelines.inventorum.http.basket import Discount

    if not isinstance(discount, Discount):
        return ""
    if discount.type == "percent":
        return f"{(discount.amount * 100).normalize():f} %"
    return f"{discount.amount:f}"


@command(group)
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
    from pipelines.connection import connect
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
    api = connect(settings, settings.require_login())
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
