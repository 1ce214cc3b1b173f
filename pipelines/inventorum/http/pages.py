"""Pages of orders as they travel over the wire, read without losing a byte."""

from __future__ import annotations

import re
import struct
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from pipelines.inventorum.http.records import (
    MAX_BIGINT,
    MIN_BIGINT,
    Answer,
    BrokenBody,
    OrderRow,
    Page,
    Record,
    Rejected,
    Shape,
    Unbalanced,
    content_hash,
    names_come_twice,
    read_channel,
    read_count,
    read_record,
    read_state,
    split_array,
    split_object,
    stable_part,
)

__all__ = ["Answer", "BrokenBody", "OrderRow", "Page", "Rejected", "content_hash", "parse_page"]

# a space that may stand outside of a string; the literal first character makes the search fast
_LOOSE_SPACE = re.compile(rb' (?:(?<=[{}\[\]:,"] )|(?=[,\]}]))')


class _Slices(msgspec.Struct):
    data: list[Raw]
    total: Raw = Raw(b"null")


_decode_slices = msgspec.json.Decoder(_Slices).decode
_squeeze = msgspec.json.format
_states: dict[bytes, int | None] = {}
_channels: dict[bytes, str | None] = {}
_shape = Shape()


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
        page = _decode_slices(body)
        rows = _plain_rows(body, page.data) if page.data else []
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return _page_of_slices(body)
    if rows is None:
        return _page_of_slices(body)
    return Page(read_count(bytes(page.total)), rows, [], [row.order_id for row in rows])


def _plain_rows(body: bytes, slices: list[Raw]) -> list[OrderRow] | None:
    """Rows of a page that holds nothing odd, else None.

    Raises:
        ValueError: The same, or the page is not of plain JSON objects.
    """
    records = _known_members(body, slices)
    if records is None or not _is_utf8(body):
        return None
    is_spaced = b'": ' in body[:500] or any(space in body for space in (b"\n", b"\t", b"\r"))
    rows = []
    for text, record in zip(slices, records, strict=True):
        if record.id is UNSET:
            return None
        order_id = int(bytes(record.id))  # JSON's grammar is checked: digits or a ValueError
        if not MIN_BIGINT <= order_id <= MAX_BIGINT:
            return None
        state, channel = _seen_state(record.state), _seen_channel(record.channel)
        kept, shortest = stable_part(record)
        if shortest != len(text) and names_come_twice(text):
            return None
        if is_spaced or _LOOSE_SPACE.search(kept):
            kept = _squeeze(kept, indent=-1)
        digest = blake2b(kept, digest_size=16).hexdigest()
        rows.append(OrderRow(order_id, channel, state, text, digest))
    return rows


def _known_members(body: bytes, slices: list[Raw]) -> list[Any] | None:
    """As Shape.records; None if a name is unusual."""
    global _shape
    try:
        return _shape.records(body)
    except msgspec.ValidationError:
        wider = _shape.widened(slices)
    if wider is None:
        return None
    _shape = wider
    return wider.records(body)


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    import pyarrow as pa  # checks in a tenth of the time that decoding takes

    offsets = pa.py_buffer(struct.pack("=2i", 0, len(body)))
    try:
        pa.Array.from_buffers(pa.binary(), 1, [None, offsets, pa.py_buffer(body)]).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _page_of_slices(body: bytes) -> Page:
    """A page record by record: the way for whitespace, odd records and anything that msgspec refuses."""
    total, slices = _slices(body)
    records = [read_record(text) for text in slices]
    return Page(
        total=total,
        orders=[record.row for record in records if isinstance(record.row, OrderRow)],
        rejected=[record.row for record in records if isinstance(record.row, Rejected)],
        keys=[_key(record, text) for record, text in zip(records, slices, strict=True)],
        damaged=sum(record.is_damaged for record in records),
    )


def _key(record: Record, text: bytes) -> int | str:
    return blake2b(text, digest_size=16).hexdigest() if record.sorted_by is None else record.sorted_by


def _slices(body: bytes) -> tuple[int | None, list[bytes]]:
    """`total` and the records of a page as bytes."""
    try:
        page = _decode_slices(body)
        return read_count(bytes(page.total)), [bytes(record) for record in page.data]
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    try:
        members = split_object(body)
        return read_count(members.get("total", b"")), split_array(members["data"])
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


def _seen_state(value: Raw | UnsetType) -> int | None:
    """As read_state; a shop has few of them, so they are remembered."""
    text = b"" if value is UNSET else bytes(value)
    try:
        return _states[text]
    except KeyError:
        state = read_state(text)
    if len(_states) < 1000:
        _states[text] = state
    return state


def _seen_channel(value: Raw | UnsetType) -> str | None:
    """As read_channel, remembered."""
    text = b"" if value is UNSET else bytes(value)
    try:
        return _channels[text]
    except KeyError:
        channel = read_channel(text)
    if len(_channels) < 1000:
        _channels[text] = channel
    return channel
