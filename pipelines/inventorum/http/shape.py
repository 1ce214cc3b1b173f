"""The members that orders have, learned from the pages themselves: reading known names takes half the time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, Raw

from pipelines.inventorum.http.records import VOLATILE

READ = frozenset({"id", "state", "channel", *VOLATILE})
MOST_NAMES = 100

_decode_record = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


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
