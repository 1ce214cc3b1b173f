"""What the API says when it refuses: its own words, from any of the shapes in which they come."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_MOST = 300


@dataclass(frozen=True)
class Refusal:
    """The API's own words.

    Attributes:
        message: One line; says so if the body held none.
        key: Like `common.serializer_error` or OAuth's `invalid_grant`.
        fields: Messages per field.
    """

    message: str
    key: str | None = None
    fields: dict[str, list[str]] = field(default_factory=dict)


def read_refusal(body: bytes) -> Refusal:
    """The words of an error body; never fails.

    Shapes: `{"error": {"fields", "description", "key"}}` with or without a `detail` beside it, `{"detail"}`,
    OAuth's `{"error": "invalid_grant", "error_description"}`, `{"<field>": ["message"]}`, nothing, HTML.
    """
    if not body.strip():
        return Refusal("The answer had no body.")
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal(_no_json(body))
    if isinstance(parsed, list):
        parsed = {"detail": parsed}
    if not isinstance(parsed, dict):
        return Refusal("The answer held no message.")
    error = parsed.get("error")
    if isinstance(error, str):
        return Refusal(_sentence([parsed.get("error_description"), error]), key=_line(error))
    if isinstance(error, dict):
        fields = _fields(error.get("fields"))
        words = [error.get("description"), parsed.get("detail")]
        if not fields and not any(isinstance(word, str) for word in words):
            words = [error.get("key")]
    else:
        fields = _fields({name: value for name, value in parsed.items() if isinstance(value, list)})
        words = [parsed.get("detail"), *(fields.pop("detail", []))]
    key = error.get("key") if isinstance(error, dict) else None
    return Refusal(_sentence(words, fields), key if isinstance(key, str) else None, fields)


def _sentence(words: list[Any], fields: dict[str, list[str]] | None = None) -> str:
    """Each different text once, then the fields."""
    said = list(dict.fromkeys(_line(word).rstrip(".") for word in words if isinstance(word, str) and word.strip()))
    parts = [f"{name}: {' '.join(messages)}" for name, messages in (fields or {}).items()]
    text = _line("; ".join([", ".join(said), *parts] if said else parts))
    return f"{text}." if text and text[-1] not in ".!?" else text or "The answer held no message."


def _fields(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        return {}
    return {
        _line(str(name)): [_line(entry if isinstance(entry, str) else json.dumps(entry)) for entry in entries]
        for name, entries in value.items()
        for entries in [value[name] if isinstance(value[name], list) else [value[name]]]
    }


def _no_json(body: bytes) -> str:
    title = re.search(rb"<title[^>]*>([^<]{1,200})", body, re.IGNORECASE)
    if title:
        return f"The answer was a web page titled “{_line(title.group(1).decode(errors='replace'))}”."
    return "The answer was no JSON."


def _line(text: str) -> str:
    """One printable line of at most 300 characters."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= _MOST else flat[: _MOST - 1] + "…"
