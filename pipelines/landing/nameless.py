"""An order without the person who bought: payload text to payload text, every figure as it was.

What stays is named here, position by position (`ORDER`): keys, states, times, amounts, goods, the country of an
address. Everything else is taken out, members that nobody has heard of yet included. A text that is taken out of a
place that the SQL reads becomes empty rather than missing, so that what has its shape keeps it. Texts that stay
(products, invoice numbers, shipping services) lose the names of the person that are known from their orders.

Whether two payloads say the same must not change by that: a mark, the member `forgotten`, stands for what was taken
out. It is a keyed digest, so that it tells whether that changed, and not what it was.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

from pipelines.inventorum.http.records import TWICE, split_object

FORGOTTEN = "-forgotten"
"""What the hash of such an order ends in, before TWICE."""

MARK = "forgotten"
REPLACED = "***"

KEPT, EMPTIED = "kept", "emptied"
_ADDRESS: dict[str, Any] = {
    "id": KEPT,
    "country": KEPT,
    **dict.fromkeys(
        ("address1", "address2", "zipcode", "city", "state", "first_name", "last_name", "company", "title"), EMPTIED
    ),
}
_DISCOUNT = {"type": KEPT, "amount": KEPT, "reason": KEPT}
_ITEM = {
    **dict.fromkeys(
        (
            "id", "name", "product", "product_code", "price", "quantity", "original_quantity", "tax_rate",
            "unit_gross_price", "gross_price",
        ),
        KEPT,
    ),
    "discount": _DISCOUNT,
}  # fmt: skip
_PAYMENT = {
    **dict.fromkeys(
        ("id", "payment_method", "payment_amount", "date", "transaction_duration", "external_payment_method"), KEPT
    ),
    **dict.fromkeys(("transaction_id", "paypal_invoice_id", "paypal_tab_id"), EMPTIED),
}
ORDER: dict[str, Any] = {
    **dict.fromkeys(
        ("id", "state", "amount_paid", "channel", "time_added", "completed_at", "delta_state", "user_id"), KEPT
    ),
    "available_refund_types": [KEPT],
    "basket": {
        "items": [_ITEM],
        "discount": _DISCOUNT,
        "receipt": {"pdf": EMPTIED, "image": EMPTIED, "image_width": KEPT, "image_height": KEPT},
        "invoice_number": KEPT,
        "note_internal": EMPTIED,
        "note_external": EMPTIED,
    },
    "customer": {
        "id": KEPT,
        "channel": KEPT,
        **dict.fromkeys(("email", "title", "first_name", "middle_name", "last_name"), EMPTIED),
        "billing_address": _ADDRESS,
        "shipping_address": [_ADDRESS],
    },
    "payments": [_PAYMENT],
    "shipment": {
        **dict.fromkeys(("id", "name", "cost"), KEPT),
        "tracking_number": EMPTIED,
        "external_key": EMPTIED,
        "service": dict.fromkeys(("id", "name", "time_min", "time_max"), KEPT),
    },
}
"""Where what stands in an order: kept (texts without the person's names), or emptied; what is not here goes."""

_WORD = re.compile(r"\w+")
_TITLES = ("herr", "herrn", "frau", "familie", "fam", "mr", "mrs", "ms", "dr", "prof")


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """The members of a JSON object in the order in which they were written, those of the same name included."""

    def all(self, name: str) -> Iterator[Any]:
        """The values of a name."""
        return (value for one, value in self if one == name)


@dataclass(frozen=True)
class Secret:
    """Digests that nobody makes without the key.

    Attributes:
        key: 64 hexadecimal digits.
    """

    key: str = field(repr=False)

    def digest(self, kind: str, text: str) -> str:
        """32 hexadecimal digits for a text of a kind."""
        data = f"{kind}\0{text}".encode(errors="surrogatepass")
        return blake2b(data, digest_size=16, key=bytes.fromhex(self.key)).hexdigest()


@dataclass(frozen=True)
class Texts:
    """Names and the like, known by the digests of their words alone: `2:` and that of two words, and so on."""

    secret: Secret
    digests: frozenset[str] = frozenset()

    def replaced(self, text: str) -> str:
        """The text with REPLACED wherever one of them stands, however it is written and spaced."""
        if not self.digests or not text:
            return text
        words = [(found.start(), found.end(), plain(found[0])) for found in _WORD.finditer(text)]
        lengths = sorted({int(known.partition(":")[0]) for known in self.digests}, reverse=True)
        parts, end, position = [], 0, 0
        while position < len(words):
            length = next(
                (n for n in lengths if self._holds([word[2] for word in words[position : position + n]], n)), 0
            )
            if length:
                parts += [text[end : words[position][0]], REPLACED]
                end = words[position + length - 1][1]
            position += length or 1
        return "".join([*parts, text[end:]])

    def _holds(self, words: list[str], length: int) -> bool:
        return len(words) == length and text_digest(self.secret, words) in self.digests


def text_digest(secret: Secret, words: Iterable[str]) -> str:
    """That of a text's words for Texts."""
    several = list(words)
    return f"{len(several)}:{secret.digest('text', ' '.join(several))}"


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, without regard to how they are written."""
    return tuple(plain(found[0]) for found in _WORD.finditer(text))


def plain(word: str) -> str:
    """A word without regard to how it is written."""
    return unicodedata.normalize("NFKC", word).casefold()


def read(text: str) -> Any:
    """JSON with numbers as they were written and every member; control characters in texts are let through.

    Raises:
        ValueError: It is no JSON, or nested too deeply.
    """
    try:
        return json.loads(
            text.lstrip("\ufeff"),
            strict=False,
            parse_float=Number,
            parse_int=Number,
            parse_constant=Number,
            object_pairs_hook=Members,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def write(value: Any) -> str:
    """The JSON of what `read` gives, in ASCII."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, Members):
        return "{" + ",".join(f"{json.dumps(name)}:{write(member)}" for name, member in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


def hash_without(secret: Secret, content_hash: str) -> str:
    """The hash of an order without its person, of the one with: equal where those were equal."""
    digits = content_hash.removesuffix(TWICE)
    return f"{secret.digest('hash', digits)}{FORGOTTEN}{TWICE if content_hash.endswith(TWICE) else ''}"


def is_without(content_hash: str) -> bool:
    """Whether that is the hash of an order without its person."""
    return content_hash.removesuffix(TWICE).endswith(FORGOTTEN)


def without_person(payload: str, content_hash: str, texts: Texts, *, again: bool = False) -> str:
    """An order without the person who bought.

    Args:
        content_hash: Of the order with the person; stands for what cannot be compared member by member.
        again: It is one already, of which more is to be taken out.

    Returns:
        JSON; of what no parser reads only that it was there.
    """
    cleaning = _Cleaning(texts)
    secret = texts.secret
    try:
        order = read(payload)
    except ValueError:
        order = _salvaged(payload, cleaning)
        cleaning.taken.append(("", content_hash))
    if not isinstance(order, Members):
        return f"forgotten {secret.digest('taken', payload)}"  # was no order before, either
    known = ""
    if again:
        marks = [mark for mark in order.all(MARK) if isinstance(mark, str)]
        known = marks[-1] if marks else ""
        order = Members(member for member in order if member[0] != MARK)
    cleaned = cleaning.clean(order, ORDER, "")
    if cleaning.is_ambiguous(order):
        cleaning.taken.append(("", content_hash))
    mark = known
    if not known or cleaning.taken:
        mark = secret.digest("taken", json.dumps([known, *sorted(cleaning.taken)]))
    return write(Members([*cleaned, (MARK, mark)]))


def _salvaged(payload: str, cleaning: _Cleaning) -> Any:
    """The members of an order that can be read although the whole cannot."""
    try:
        parts = split_object(payload.lstrip("\ufeff").encode(errors="surrogatepass"))
    except ValueError:  # no object whose brackets are closed
        return None
    found = Members()
    for name, part in parts.items():
        try:
            found.append((name, read(part.decode(errors="replace"))))
        except ValueError:
            cleaning.taken.append((name, "unreadable"))
    return found


class _Cleaning:
    """Takes out of one order what does not stay, and keeps what that was."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.taken: list[tuple[str, str]] = []

    def clean(self, value: Any, shape: Any, path: str) -> Any:
        """What stays of a value that stands where the shape says; its kind stays where that matters."""
        if value is None or isinstance(value, bool):
            return value
        if shape == KEPT and isinstance(value, str):
            return value if isinstance(value, Number) else self._text(value, path)
        if isinstance(shape, dict) and isinstance(value, Members):
            return Members(self._members(value, shape, path))
        if isinstance(shape, list) and type(value) is list:
            return [self.clean(one, shape[0], f"{path}[{number}]") for number, one in enumerate(value)]
        if shape == KEPT and _tells_nothing(value):
            return value
        self._take(path, value)
        if shape == EMPTIED or isinstance(value, str):
            return ""
        return type(value)()

    def _members(self, value: Members, shape: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
        for name, member in value:
            if name in shape:
                yield name, self.clean(member, shape[name], f"{path}.{name}")
            else:
                self._take(f"{path}.{name}", member)

    def _text(self, text: str, path: str) -> str:
        left = self._texts.replaced(text)
        if left != text:
            self._take(path, text)
        return left

    def _take(self, path: str, value: Any) -> None:
        if value not in (None, ""):
            self.taken.append((path, _canonical(value)))

    def is_ambiguous(self, value: Any, depth: int = 0) -> bool:
        """Whether a name comes twice inside of it, deeper than the order's own."""
        if isinstance(value, Members):
            names = [name for name, _ in value]
            if depth and len(set(names)) < len(names):
                return True
            return any(self.is_ambiguous(member, depth + 1) for _, member in value)
        return isinstance(value, list) and any(self.is_ambiguous(one, depth + 1) for one in value)


def _names_in(shape: Any) -> Iterator[str]:
    if isinstance(shape, dict):
        yield from shape
        for inner in shape.values():
            yield from _names_in(inner)
    elif isinstance(shape, list):
        yield from _names_in(shape[0])


_NAMES = frozenset(_names_in(ORDER))


def _tells_nothing(value: Any) -> bool:
    """Whether a value has no texts but names that every order has: one of the wrong kind, where a text should be."""
    if isinstance(value, Members):
        return all(name in _NAMES and _tells_nothing(member) for name, member in value)
    if isinstance(value, list):
        return all(map(_tells_nothing, value))
    return not isinstance(value, str) or isinstance(value, Number)


def _canonical(value: Any) -> str:
    """The same text for what says the same: order of names, nulls and the writing of numbers aside."""
    if isinstance(value, Number):
        try:
            return str(Decimal(value).normalize())
        except InvalidOperation:
            return str(value)
    if isinstance(value, Members):
        parts = sorted((name, _canonical(member)) for name, member in value if member is not None)
        return json.dumps(parts)
    if isinstance(value, list):
        return json.dumps([_canonical(one) for one in value])
    return json.dumps(value)


def customers_in(payload: str) -> list[Any]:
    """What an order says of its customer: one value, more if the name comes twice; texts where it is unreadable."""
    try:
        order = read(payload)
    except ValueError:
        try:
            part = split_object(payload.lstrip("\ufeff").encode(errors="surrogatepass")).get("customer")
        except ValueError:  # no object whose brackets are closed
            return [payload]
        text = "" if part is None else part.decode(errors="replace")
        try:
            return [read(text)] if text else []
        except ValueError:
            return [text]
    return [member for member in order.all("customer") if member is not None] if isinstance(order, Members) else []


_ID = re.compile(r'"customer"\s*:\s*\{(?:[^{}]*?,)?\s*"id"\s*:\s*"?(\d+)')
_MAIL = re.compile(r"[^\s\"'<>:,;\\]+@[^\s\"'<>:,;\\]+")


def customer_ids(customer: Any) -> set[int]:
    """The ids that a customer, as `customers_in` gives it, has."""
    if isinstance(customer, Members):
        return {number for value in customer.all("id") if (number := _whole(value)) is not None}
    if isinstance(customer, str) and not isinstance(customer, Number):
        return {int(found[:30]) for found in _ID.findall(customer)}
    return set()


def _whole(value: Any) -> int | None:
    """As `id_of` of the SQL reads it."""
    try:
        number = Decimal(value) if isinstance(value, str) else None
        return int(number) if number is not None and number == int(number) and 0 <= number < 2**63 else None
    except (InvalidOperation, ValueError, OverflowError):
        return None


def mails_of(customer: Any) -> set[str]:
    """The e-mail addresses that stand anywhere in a customer."""
    return {plain(found) for text in _strings(customer) for found in _MAIL.findall(text)}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, Members):
        for _, member in value:
            yield from _strings(member)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, str):
        yield value


def texts_of(payload: str) -> set[tuple[str, ...]]:
    """The texts by which the person of an order may be named elsewhere in it, as words.

    First and last name together in either order, an initial or a title with the last name, e-mail, company, street
    with its number, numbers of parcels and payments. A first or last name alone is not among them: it may be a word.
    """
    try:
        order = read(payload)
    except ValueError:
        return set()
    found: set[tuple[str, ...]] = set()
    if not isinstance(order, Members):
        return found
    for customer in (one for one in order.all("customer") if isinstance(one, Members)):
        addresses = [part for part in _objects(customer) if part is not customer]
        for person in (customer, *addresses):
            found |= _names(person)
            found |= {company for company in _words(person, "company") if len("".join(company)) > 5}
            found |= {street for street in _words(person, "address1") if len(street) > 1}
        found |= {words_of(mail) for mail in mails_of(customer)}
    for part in _objects(order):
        for name in ("tracking_number", "transaction_id", "paypal_invoice_id", "paypal_tab_id", "external_key"):
            found |= {number for number in _words(part, name) if len("".join(number)) > 5}
    return {words for words in found if words}


def _objects(value: Any) -> Iterator[Members]:
    if isinstance(value, Members):
        yield value
        for _, member in value:
            yield from _objects(member)
    elif isinstance(value, list):
        for one in value:
            yield from _objects(one)


def _words(part: Members, name: str) -> set[tuple[str, ...]]:
    return {words_of(text) for text in part.all(name) if isinstance(text, str)} - {()}


def _names(person: Members) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for last in _words(person, "last_name"):
        found |= {(title, *last) for title in _TITLES} | {(*title, *last) for title in _words(person, "title")}
        for first in _words(person, "first_name"):
            found |= {(*first, *last), (*last, *first), (first[0], *last), (first[0][0], *last), (*last, first[0])}
            found |= {(*first, *middle, *last) for middle in _words(person, "middle_name")}
    return found


def whole_names(payload: str) -> set[str]:
    """First and last name together, and e-mail addresses, of the customer of an order, as they are written there."""
    found: set[str] = set()
    for customer in (one for one in customers_in(payload) if isinstance(one, Members)):
        found |= mails_of(customer)
        for person in _objects(customer):
            first, last = (
                [text for text in person.all(name) if isinstance(text, str)] for name in ("first_name", "last_name")
            )
            found |= {f"{one} {other}" for one in first for other in last if one.strip() and other.strip()}
    return found
