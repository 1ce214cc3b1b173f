"""Secrets that a server repeats are gone before anybody reads its answer.

Some servers, and proxies before them, put a request's headers into their error pages. What is not in the answer
cannot get into a message, a log or a table.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qs, quote, quote_plus

MASK = "***"
SHORTEST = 4
SHORTEST_IN_ORDERS = 16  # shorter ones may be a word of an order, which is kept as it was sent


def secrets_of(authorization: str, body: bytes | None = None) -> tuple[str, ...]:
    """What a request carries that nobody may read: its token, or a client's secret; refresh tokens of a form."""
    scheme, _, value = authorization.partition(" ")
    found = [value]
    if scheme == "Basic":
        try:
            _, _, password = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            password = ""
        found.append(password)
    if body is not None and body.startswith(b"grant_type="):
        found += parse_qs(body.decode()).get("refresh_token", [])
    return tuple(found)


def masked(text: bytes, secrets: tuple[str, ...], *, shortest: int = SHORTEST) -> bytes:
    """The text with three stars for each secret, however it is written."""
    for form in _forms(secrets, shortest):
        if form in text:
            text = text.replace(form, MASK.encode())
    return text


@lru_cache(maxsize=16)
def _forms(secrets: tuple[str, ...], shortest: int) -> tuple[bytes, ...]:
    """The ways in which servers write a secret, longest first."""
    kept = [secret for secret in secrets if len(secret) >= shortest]
    forms = {form.encode() for secret in kept for form in _written(secret)}
    return tuple(sorted(forms, key=len, reverse=True))


def _written(secret: str) -> Iterable[str]:
    yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret))
    in_json = json.dumps(secret)[1:-1]
    yield from (in_json, in_json.replace("/", "\\/"))
    yield base64.b64encode(secret.encode()).decode()
