"""Records: orders with the bytes that were sent for them, or cases for the quarantine, and the pages that hold them.

Three ways to read one, the fastest first: by the members that the pages before had (`Shape`), by its members
whatever they are (`read_record`), and by its brackets (`salvage_record`), so that one odd record (a lone surrogate,
NaN, a raw control character, deep nesting, a broken byte) does not cost the 99 others of its page. A page whose
brackets do not balance was cut on the way and is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, Raw

VOLATILE = ("delta_state", "user_id", "available_refund_types")
"""Members that differ from request to request although the order is the same."""

TWICE = "-twice"
"""What the hash of an order ends in of whose names one comes twice; the last counts, here and in the SQL.

Only the order's own names are looked at: to take every basket and payment apart would cost a twentieth of a
first load. Of names that come twice further inside, DuckDB reads the first, and the hash covers them all.
"""

READ = frozenset({"id", "state", "channel", *VOLATILE})
MOST_NAMES = 100
MIN_BIGINT, MAX_BIGINT = -(2**63), 2**63 - 1
MIN_INTEGER, MAX_INTEGER = -(2**31), 2**31 - 1

_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]{0,39})")
_CODE = re.compile(rb'"[0-9]{1,10}"')
_QUOTED_ID = re.compile(rb'"-?(?:0|[1-9][0-9]{0,39})"')

_decode_record = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode

_SPACE = b" \t\n\r"
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TOKEN = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+"?)|([\[{])|([\]}])|([,:])', re.DOTALL)
_OUTSIDE = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")|[ \t\n\r]++', re.DOTALL)
_CLOSES = {b"[": b"]", b"{": b"}"}


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


class Unbalanced(ValueError):
    """The text is no JSON value whose brackets and quotes are closed."""


def split_array(text: bytes) -> list[bytes]:
    """The elements of a JSON array, each as the bytes that stand in it, outer whitespace removed.

    Raises:
        Unbalanced: The text is no array, or its brackets or quotes are not closed.
    """
    return [value for _, value in _parts(text, b"[")]


def split_object(text: bytes) -> dict[str, bytes]:
    """The members of a JSON object: the name, unescaped, and the bytes of the value.

    Of a name that comes twice the last value counts, as with JSON parsers.

    Raises:
        Unbalanced: The text is no object, or a member has no name or value.
    """
    members = {}
    for name, value in _parts(text, b"{"):
        if not _STRING.fullmatch(name) or not value:
            raise Unbalanced("a member of an object has no name or no value")
        try:
            members[json.loads(name, strict=False)] = value
        except ValueError:
            raise Unbalanced("a member of an object has an unreadable name") from None
    return members


def count_members(text: bytes) -> int:
    """How many members a JSON object names, those of the same name included.

    Raises:
        Unbalanced: The text is no object.
    """
    return sum(1 for _ in _parts(text, b"{"))


def squeeze(text: bytes) -> bytes:
    """The text without the whitespace that stands outside of strings."""
    return _OUTSIDE.sub(lambda found: found.group(1) or b"", text)


def is_readable(text: str) -> bool:
    """Whether a lenient parser reads the text: NaN, raw control characters and any depth are allowed."""
    try:
        json.loads(text, strict=False)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _parts(text: bytes, opening: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and value (an array's elements have no name) at depth one of a bracketed text."""
    text = text.strip(_SPACE)
    if text[:1] != opening:
        raise Unbalanced("brackets are missing")
    expected = [_CLOSES[opening]]
    begin, name = 1, b""
    for found in _TOKEN.finditer(text, 1):
        string, opens, closes, mark = found.groups()
        if string is not None:
            if len(string) < 2 or not string.endswith(b'"'):
                raise Unbalanced("a string is not closed")
        elif opens:
            expected.append(_CLOSES[opens])
        elif closes:
            if expected.pop() != closes:
                raise Unbalanced("a bracket is closed by the wrong one")
            if not expected:
                yield from _last(name, text[begin : found.start()].strip(_SPACE), empty=begin == 1)
                if found.end() != len(text):
                    raise Unbalanced("text follows the last bracket")
                return
        elif len(expected) == 1 and mark == b",":
            yield name, text[begin : found.start()].strip(_SPACE)
            begin, name = found.end(), b""
        elif len(expected) == 1 and opening == b"{" and not name:
            name, begin = text[begin : found.start()].strip(_SPACE), found.end()
    raise Unbalanced("brackets are not closed")


def _last(name: bytes, value: bytes, *, empty: bool) -> Iterator[tuple[bytes, bytes]]:
    """The part before the closing bracket; `[]` and `{}` have none."""
    if name or value or not empty:
        yield name, value


class Shape:
    """Reads pages whose records have no members but the given ones, which are ASCII identifiers."""

    def __init__(self, names: frozenset[str] = READ) -> None:
        self._names = names
        # a record is written in the order of its fields: sorted, as its hash needs them
        attributes = {name if name in READ else f"member_{name}": name for name in sorted(names)}
        record: Any = msgspec.defstruct(
            "Record",
            [(attribute, Raw, UNSET) for attribute in attributes],
            rename=attributes,
            forbid_unknown_fields=True,
            gc=False,
        )
        page: Any = msgspec.defstruct("Page", [("data", list[record])])
        self._decode = msgspec.json.Decoder(page).decode

    def records(self, body: bytes) -> list[Any]:
        """The records of a page, with an attribute for each name of READ: its value, or UNSET.

        Raises:
            msgspec.ValidationError: One has other members, or is no object.
            msgspec.DecodeError: The body is no JSON.
        """
        records: list[Any] = self._decode(body).data
        return records

    def widened(self, records: Iterable[Raw]) -> Shape | None:
        """A shape that suits these records too; None if there is none.

        Raises:
            msgspec.DecodeError: A record is no JSON object.
        """
        names = self._names.union(*map(_decode_record, records))
        is_plain = all(name.isascii() and name.isidentifier() for name in names)
        return Shape(names) if is_plain and self._names < names and len(names) <= MOST_NAMES else None


def stable_part(record: Any) -> tuple[bytes, int]:
    """The members of a record that a shape has read, sorted by name, without VOLATILE, which it loses.

    With it goes the length of the record's text if that names each member once and holds no spare letter.
    """
    lost = 0
    for name in VOLATILE:
        value = getattr(record, name)
        if value is not UNSET:
            lost += len(bytes(value)) + len(name) + 4
            setattr(record, name, UNSET)
    kept = _encode(record)
    return kept, len(kept) + lost


class Record(NamedTuple):
    """What was made of a record.

    Attributes:
        sorted_by: The id by which the server sorts it; None if that may be something else than what we read.
        is_damaged: Whether it is no JSON at all.
    """

    row: OrderRow | Rejected
    sorted_by: int | None = None
    is_damaged: bool = False


def read_record(text: bytes) -> Record:
    """One record of a page, whatever it is."""
    try:
        payload = text.decode()
    except UnicodeDecodeError:
        return Record(Rejected("the text is not UTF-8", _raw_id(text), _text(text)), is_damaged=True)
    if not text.startswith(b"{"):
        rejected = Rejected("the record is not an object", None, payload)
        return Record(rejected, is_damaged=not is_readable(payload))
    try:
        members = _decode_record(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return salvage_record(text, payload)
    number = bytes(members.get("id", b""))
    order_id, reason = _order_id(number)
    if order_id is None:
        return Record(Rejected(reason, _raw_id(text), payload))
    state, channel = read_state(members.get("state")), read_channel(members.get("channel"))
    is_twice = names_come_twice(text)
    digest = content_hash(members) + (TWICE if is_twice else "")
    row = OrderRow(order_id, channel, state, Raw(text), digest)
    return Record(row, sorted_by=None if is_twice or number.startswith(b'"') else order_id)


def names_come_twice(text: bytes | Raw) -> bool:
    """Whether an object names one of its members more than once, however the name is escaped.

    Raises:
        msgspec.DecodeError: It is no JSON object.
    """
    squeezed = bytes(msgspec.json.format(text, indent=-1))
    members = _decode_record(squeezed)
    # what its text may hold beside (escapes, letters of several bytes) makes it longer, too
    shortest = 1 + sum(len(name) + len(bytes(value)) + 4 for name, value in members.items())
    return shortest != len(squeezed) and count_members(squeezed) > len(members)


def salvage_record(text: bytes, payload: str) -> Record:
    """A record that msgspec refuses: readable by its brackets, or rejected."""
    try:
        members = split_object(text)
    except Unbalanced as fault:
        return Record(Rejected(f"the record is not JSON: {fault}", None, payload), is_damaged=True)
    if not is_readable(payload):
        return Record(Rejected("the record is not JSON", _raw_id(text), payload), is_damaged=True)
    order_id, reason = _order_id(members.get("id", b""))
    if order_id is None:
        return Record(Rejected(reason, _raw_id(text), payload))
    state, channel = read_state(members.get("state")), read_channel(members.get("channel"))
    kept = (_name(name) + b":" + squeeze(members[name]) for name in sorted(members) if name not in VOLATILE)
    digest = blake2b(b"{" + b",".join(kept) + b"}", digest_size=16).hexdigest()
    digest += TWICE if count_members(text) > len(members) else ""
    return Record(OrderRow(order_id, channel, state, Raw(text), digest))


def _name(name: str) -> bytes:
    """A member's name as the encoder writes it; a lone surrogate stays an escape."""
    try:
        return _encode(name)
    except UnicodeEncodeError:
        return json.dumps(name).encode()


def _order_id(text: bytes) -> tuple[int | None, str]:
    """The id that a JSON value spells, or the reason why it is none."""
    if text in (b"", b"null"):
        return None, "the record has no id"
    if _QUOTED_ID.fullmatch(text):
        text = text[1:-1]
    elif not _INTEGER.fullmatch(text):
        return None, "the id is not an integer"
    order_id = int(text)
    if not MIN_BIGINT <= order_id <= MAX_BIGINT:
        return None, "the id is outside of BIGINT"
    return order_id, ""


def read_state(value: Raw | bytes | None) -> int | None:
    """The bitmask from 360 or "01"; None for anything else, the payload keeps it."""
    text = b"" if value is None else bytes(value)
    if not text.isdigit():
        if _CODE.fullmatch(text):
            text = text[1:-1]
        elif not _INTEGER.fullmatch(text):
            return None
    state = int(text)
    return state if MIN_INTEGER <= state <= MAX_INTEGER else None


def read_channel(value: Raw | bytes | None) -> str | None:
    """The channel's name; None where it is not text."""
    text = b"" if value is None else bytes(value)
    if not text.startswith(b'"'):
        return None
    if text[1:-1].isalpha():
        return text[1:-1].decode()
    try:
        name: str = json.loads(text)
        name.encode()
    except ValueError:
        return None
    return name


def content_hash(members: dict[str, Raw]) -> str:
    """32 hexadecimal digits that stay the same while an order is written with the same bytes.

    It spares most reads a comparison; whether orders of different hashes are two versions is for `same_content` in
    `sql/macros/json.sql` to say. blake2b over the top-level members sorted by name, without VOLATILE and without
    whitespace.
    """
    for name in VOLATILE:
        members.pop(name, None)
    return blake2b(msgspec.json.format(_encode_sorted(members), indent=-1), digest_size=16).hexdigest()


def read_count(text: bytes) -> int | None:
    """`total` as a number, if it is one."""
    order_id, _ = _order_id(text)
    return order_id if order_id is not None and order_id >= 0 else None


def _raw_id(record: bytes) -> str | None:
    """What stands as the id of a record that was rejected, cut to 100 characters."""
    try:
        value = split_object(record).get("id", b"null")
    except Unbalanced:
        return None
    return None if value == b"null" else _text(value.strip(b'"')[:100])


def _text(data: bytes) -> str:
    """The bytes as text that every column can hold; what is no UTF-8 is written as \\xNN."""
    return data.decode(errors="backslashreplace")
