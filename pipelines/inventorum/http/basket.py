"""The basket that `POST /basket/` takes, and what it answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from pipelines.errors import SettingsError
from pipelines.inventorum.http.pages import BrokenBody

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Discount(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A discount of one item or of the basket.

    Attributes:
        amount: A share from 0 to 1 for `percent` (1 = 100 %), for `cash` an amount off the gross price.
        reason: Code of the account; only 0 is documented.
    """

    amount: Decimal
    reason: int
    type: Literal["percent", "cash"] | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_number("the amount of a discount", self.amount)
        if self.amount < 0:
            raise ValueError("the amount of a discount is less than 0")
        if self.type == "percent" and self.amount > 1:
            raise ValueError("a percent discount is a share from 0 to 1: 0.5 is 50 %")


class BasketItem(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line.

    Attributes:
        product: Id of an existing product.
        price: Net per unit; the API asks for it, but uses it for products with a custom price only.
    """

    product: int
    price: Decimal
    quantity: int
    name: str | UnsetType = UNSET
    discount: Discount | UnsetType = UNSET

    def __post_init__(self) -> None:
        _check_number("the price of an item", self.price)
        if isinstance(self.quantity, bool) or not isinstance(self.quantity, int) or self.quantity < 1:
            raise ValueError("the quantity of an item is not a whole number from 1 on")


class Basket(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A basket to be created.

    Attributes:
        customer: Id of an existing customer.
        note_external: Appears on the invoice.
    """

    items: list[BasketItem]
    customer: int | UnsetType = UNSET
    note_internal: str | UnsetType = UNSET
    note_external: str | UnsetType = UNSET
    discount: Discount | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError("the basket has no items")


class BasketCreated(Struct, frozen=True, kw_only=True):
    """The answer to a basket.

    Attributes:
        id: The order's id, by which it is found later (`basket` is another number).
        state: Bitmask; the API sends it as text, "01".
        channel: A number here, unlike in orders.
    """

    id: int
    basket: int | None = None
    user: int | None = None
    customer: int | None = None
    state: int | None = None
    channel: int | str | None = None
    completed_at: str | None = None
    description: str | None = None


def read_basket(text: bytes | str) -> Basket:
    """A basket from JSON as the API documents it.

    Raises:
        SettingsError: It is not JSON, or breaks a rule of the API; nothing was sent.
    """
    try:
        return msgspec.json.decode(text, type=Basket)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        reason = str(error)
    raise SettingsError(f"The basket cannot be sent: {reason}. Nothing was sent. Correct it and try again.")


def encode_basket(basket: Basket) -> bytes:
    """The request's body; money as JSON numbers with exactly the digits that were given."""
    return _encode(basket)


def read_created(body: bytes) -> BasketCreated:
    """The answer to a basket; whatever is odd besides the id becomes None.

    Raises:
        BrokenBody: It holds no order id.
    """
    try:
        members = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        members = None
    if not isinstance(members, dict) or not _is_integer(members.get("id")):
        raise BrokenBody("a body without an order id")
    state, channel = members.get("state"), members.get("channel")
    if isinstance(state, str) and state.isascii() and state.isdigit() and len(state) <= 18:
        state = int(state)
    return BasketCreated(
        id=members["id"],
        basket=_integer(members.get("basket")),
        user=_integer(members.get("user")),
        customer=_integer(members.get("customer")),
        state=_integer(state),
        channel=channel if isinstance(channel, str) else _integer(channel),
        completed_at=_text(members.get("completed_at")),
        description=_text(members.get("description")),
    )


def _check_number(what: str, value: object) -> None:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValueError(f"{what} is not a decimal number")


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _integer(value: Any) -> int | None:
    return value if _is_integer(value) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
