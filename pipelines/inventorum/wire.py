"""What travels over the wire: pages of orders, read without losing a byte."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple

import msgspec
from msgspec import Raw

from pipelines.inventorum.salvage import Unbalanced, is_readable, split_array, split_object, squeeze

VOLATILE = ("delta_state", "user_id", "available_refund_types")
"""Members that differ from request to request although the order is the same."""

MIN_BIGINT, MAX_BIGINT = -(2**63), 2**63 - 1
MIN_INTEGER, MAX_INTEGER = -(2**31), 2**31 - 1

_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]{0,39})")
_CODE = re.compile(rb'"[0-9]{1,10}"')
_QUOTED_ID = re.compile(rb'"-?(?:0|[1-9][0-9]{0,39})"')
# a space that may stand outside of a string; the literal first character makes the search fast
_LOOSE_SPACE = re.compile(rb' (?:(?<=[{}\[\]:,"] )|(?=[,\]}]))')


class BrokenBody(ValueError):
    """A body that is no page: cut, not JSON, HTML, a list, an error object. Holds nothing of the body."""


class OrderRow(NamedTuple):
    """One order as it was sent; `state` and `channel` are None where they cannot be read."""

    order_id: int
    channel: str | None
    state: int | None
    payload: str
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


class _Record(NamedTuple):
    row: OrderRow | Rejected
    key: int | str
    is_damaged: bool = False


class _Slices(msgspec.Struct):
    data: list[Raw]
    total: Raw = Raw(b"null")


class _Members(msgspec.Struct):
    data: list[dict[str, Raw]]
    total: Raw = Raw(b"null")


_decode_slices = msgspec.json.Decoder(_Slices).decode
_decode_members = msgspec.json.Decoder(_Members).decode
_decode_record = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode
_squeeze = msgspec.json.format
_states: dict[bytes, int | None] = {}
_channels: dict[bytes, str | None] = {}


def parse_page(body: bytes) -> Page:
    """Every record of a page, each with the bytes that were sent for it.

    A record that cannot be an order, or cannot be stored, is returned as rejected; whatever is odd but
    readable is an order. An id in quotes ("8791312") counts as the integer that it spells.

    Raises:
        BrokenBody: The body is not an object with a list `data`, or was cut.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    try:
        members = _decode_members(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _page_of_slices(body)
    rows = _compact_rows(body, members.data)
    if rows is None:
        return _page_of_slices(body)
    return Page(_count(bytes(members.total)), rows, [], [row.order_id for row in rows])


def content_hash(members: dict[str, Raw]) -> str:
    """32 hexadecimal digits that stay the same while the order does.

    blake2b over the top-level members sorted by name, without VOLATILE and without whitespace.
    """
    for name in VOLATILE:
        members.pop(name, None)
    return blake2b(_squeeze(_encode_sorted(members), indent=-1), digest_size=16).hexdigest()


def _compact_rows(body: bytes, records: list[dict[str, Raw]]) -> list[OrderRow] | None:
    """Rows of a page that was sent without needless whitespace and holds nothing odd, else None.

    Such a record is what its members give when written again; comparing is faster than a second parse.
    """
    begin = body.find(b"[") + 1
    if not records or b"\n" in body or b"\t" in body or b"\r" in body:
        return None if records else []
    rows = []
    try:
        for members in records:
            payload = _encode(members)
            begin = body.find(b"{", begin, begin + 3)
            if begin < 0 or not body.startswith(payload, begin):
                return None
            begin += len(payload)
            order_id = int(bytes(members["id"]))  # JSON's grammar is checked: digits or a ValueError
            if not MIN_BIGINT <= order_id <= MAX_BIGINT:
                return None
            state, channel = _seen_state(members.get("state")), _seen_channel(members.get("channel"))
            for name in VOLATILE:
                members.pop(name, None)
            kept = _encode_sorted(members)
            if _LOOSE_SPACE.search(kept):
                kept = _squeeze(kept, indent=-1)
            digest = blake2b(kept, digest_size=16).hexdigest()
            rows.append(OrderRow(order_id, channel, state, payload.decode(), digest))
    except (ValueError, KeyError):
        return None
    return rows


def _page_of_slices(body: bytes) -> Page:
    """A page record by record: the way for whitespace, odd records and anything that msgspec refuses."""
    total, slices = _slices(body)
    records = [_read_record(record) for record in slices]
    return Page(
        total=total,
        orders=[record.row for record in records if isinstance(record.row, OrderRow)],
        rejected=[record.row for record in records if isinstance(record.row, Rejected)],
        keys=[record.key for record in records],
        damaged=sum(record.is_damaged for record in records),
    )


def _slices(body: bytes) -> tuple[int | None, list[bytes]]:
    """`total` and the records of a page as bytes."""
    try:
        page = _decode_slices(body)
        return _count(bytes(page.total)), [bytes(record) for record in page.data]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    try:
        members = split_object(body)
        return _count(members.get("total", b"")), split_array(members["data"])
    except (Unbalanced, KeyError):
        pass
    raise BrokenBody(_what_is_wrong(body))


def _what_is_wrong(body: bytes) -> str:
    """The kind of a body that is no page, in words that quote nothing of it."""
    start = body.lstrip()[:1]
    if not start:
        return "an empty body"
    if start == b"<":
        return "HTML where JSON is due"
    if start == b"[":
        return "a list where an object is due"
    try:
        members = split_object(body)
    except Unbalanced:
        return "JSON that is cut or broken" if start == b"{" else "something that is no JSON object"
    if "error" in members or "detail" in members:
        return "an error object with a status of success"
    return "an object without a list `data`"


def _read_record(text: bytes) -> _Record:
    """One record of a page, whatever it is."""
    mark = blake2b(text, digest_size=16).hexdigest()
    try:
        payload = text.decode()
    except UnicodeDecodeError:
        return _Record(Rejected("the text is not UTF-8", _raw_id(text), _text(text)), mark, is_damaged=True)
    if not text.startswith(b"{"):
        rejected = Rejected("the record is not an object", None, payload)
        return _Record(rejected, mark, is_damaged=not is_readable(payload))
    try:
        members = _decode_record(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _salvage_record(text, payload, mark)
    number = bytes(members.get("id", b""))
    order_id, reason = _order_id(number)
    if order_id is None:
        return _Record(Rejected(reason, _raw_id(text), payload), mark)
    state, channel = _state(members.get("state")), _channel(members.get("channel"))
    row = OrderRow(order_id, channel, state, payload, content_hash(members))
    return _Record(row, mark if number.startswith(b'"') else order_id)


def _salvage_record(text: bytes, payload: str, mark: str) -> _Record:
    """A record that msgspec refuses: readable by its brackets, or rejected."""
    try:
        members = split_object(text)
    except Unbalanced as fault:
        return _Record(Rejected(f"the record is not JSON: {fault}", None, payload), mark, is_damaged=True)
    if not is_readable(payload):
        return _Record(Rejected("the record is not JSON", _raw_id(text), payload), mark, is_damaged=True)
    order_id, reason = _order_id(members.get("id", b""))
    if order_id is None:
        return _Record(Rejected(reason, _raw_id(text), payload), mark)
    state, channel = _state(members.get("state")), _channel(members.get("channel"))
    kept = (_name(name) + b":" + squeeze(members[name]) for name in sorted(members) if name not in VOLATILE)
    digest = blake2b(b"{" + b",".join(kept) + b"}", digest_size=16).hexdigest()
    return _Record(OrderRow(order_id, channel, state, payload, digest), mark)


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


def _state(value: Raw | bytes | None) -> int | None:
    """The bitmask from 360 or "01"; None for anything else, the payload keeps it."""
    text = b"" if value is None else bytes(value)
    if not text.isdigit():
        if _CODE.fullmatch(text):
            text = text[1:-1]
        elif not _INTEGER.fullmatch(text):
            return None
    state = int(text)
    return state if MIN_INTEGER <= state <= MAX_INTEGER else None


def _channel(value: Raw | bytes | None) -> str | None:
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


def _seen_state(value: Raw | None) -> int | None:
    """As _state; a shop has few of them, so they are remembered."""
    text = b"" if value is None else bytes(value)
    try:
        return _states[text]
    except KeyError:
        state = _state(text)
    if len(_states) < 1000:
        _states[text] = state
    return state


def _seen_channel(value: Raw | None) -> str | None:
    """As _channel, remembered."""
    text = b"" if value is None else bytes(value)
    try:
        return _channels[text]
    except KeyError:
        channel = _channel(text)
    if len(_channels) < 1000:
        _channels[text] = channel
    return channel


def _count(text: bytes) -> int | None:
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
