"""Pages and records that a strict JSON parser refuses, taken apart by their brackets.

One odd record (a lone surrogate, NaN, a raw control character, deep nesting, a broken byte) must not
cost the 99 others of its page. A page whose brackets do not balance was cut on the way and is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_SPACE = b" \t\n\r"
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TOKEN = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+"?)|([\[{])|([\]}])|([,:])', re.DOTALL)
_OUTSIDE = re.compile(rb'("[^"\\]*+(?:\\.[^"\\]*+)*+")|[ \t\n\r]++', re.DOTALL)
_CLOSES = {b"[": b"]", b"{": b"}"}


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
