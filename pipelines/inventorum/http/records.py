"""One record of a page: an order with the bytes that were sent for it, or a case for the quarantine."""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from msgspec import Raw

from pipelines.inventorum.http.page import OrderRow, Rejected
from pipelines.inventorum.http.salvage import Unbalanced, count_members, is_readable, split_object, squeeze

VOLATILE = ("delta_state", "user_id", "available_refund_types")
"""Members that differ from request to request although the order is the same."""

TWICE = "-twice"
"""What the hash of an order ends in of whose names one comes twice; the last counts, here and in the SQL.

Only the order's own names are looked at: to take every basket and payment apart would cost a twentieth of a
first load. Of names that come twice further inside, DuckDB reads the first, and the hash covers them all.
"""

MIN_BIGINT, MAX_BIGINT = -(2**63), 2**63 - 1
MIN_INTEGER, MAX_INTEGER = -(2**31), 2**31 - 1

_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]{0,39})")
_CODE = re.compile(rb'"[0-9]{1,10}"')
_QUOTED_ID = re.compile(rb'"-?(?:0|[1-9][0-9]{0,39})"')

_decode_record = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


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
    `sql/macros.sql` to say. blake2b over the top-level members sorted by name, without VOLATILE and without whitespace.
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
