"""Takes persons out of payloads, byte by byte: what is left has the same shape, length and numbers."""

from __future__ import annotations

import re

# Members whose values say nothing about a person, and that the warehouse computes with. All others lose their
# letters and digits, those of fields that nobody knows yet among them.
KEPT = frozenset(
    {
        "id",
        "state",
        "channel",
        "delta_state",
        "user_id",
        "time_added",
        "completed_at",
        "amount_paid",
        "product",
        "price",
        "quantity",
        "original_quantity",
        "tax_rate",
        "gross_price",
        "unit_gross_price",
        "type",
        "amount",
        "payment_method",
        "payment_amount",
        "date",
        "cost",
        "time_min",
        "time_max",
        "invoice_number",
        "available_refund_types",
        "image_width",
        "image_height",
    }
)
# Those of them that are codes, with letters; the others are numbers and times.
CODES = frozenset({"channel", "delta_state", "type", "payment_method", "invoice_number"})
LONGEST_KEPT = 40

TOKEN = re.compile(
    r"""(?P<key>"(?:[^"\\]|\\.)*")(?P<colon>\s*:)|(?P<text>"(?:[^"\\]|\\.)*")"""
    r"""|(?P<open>[\[{])|(?P<close>[\]}])|(?P<word>true\b|false\b|null\b)"""
    r"""|(?P<number>-?\d[\d.eE+-]*)|(?P<space>[\s,:]+)|(?P<other>.)""",
    re.DOTALL,
)
CODE = re.compile(r"[\w.:+/-]*\Z", re.ASCII)
NUMBER_OR_TIME = re.compile(r"[\d.:+,TZeE -]*\Z", re.ASCII)
PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"


def without_persons(payload: str) -> str:
    """The payload with the letters of every text as `x` and the digits of every number as `0`, but for `KEPT`.

    Everything else stays as it was sent: the order of members, names that come twice, white space, what is no
    JSON. Lists take the name of the member that they are the value of.
    """
    names: list[str] = []
    name = ""
    out = []
    for token in TOKEN.finditer(payload):
        kind, text = token.lastgroup, token.group()
        if kind == "colon":
            name = token.group("key")[1:-1]
        elif kind == "open":
            names.append(name)
        elif kind == "close":
            name = names.pop() if names else ""
        elif kind == "text":
            text = text if _says_nothing(name, text[1:-1]) else f'"{_masked(text[1:-1])}"'
        elif kind == "number":
            text = text if name in KEPT else re.sub(r"[1-9]", "0", text)
        elif kind == "other":
            text = _masked(text)
        out.append(text)
    return "".join(out)


def _says_nothing(name: str, value: str) -> bool:
    """Whether a text is a code, a number or a time of a member that is kept."""
    form = CODE if name in CODES else NUMBER_OR_TIME
    return name in KEPT and len(value) <= LONGEST_KEPT and bool(form.match(value))


def _masked(text: str) -> str:
    r"""Letters and digits as x; escapes keep their kind, so that what breaks a parser still does."""
    found = re.compile(rf"(?P<pair>{PAIR})|(?P<escape>\\u[0-9a-fA-F]{{4}}|\\.)|\w", re.DOTALL)
    return found.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    """Lone halves of surrogate pairs and control characters stay; any other character could be part of a name."""
    if found["pair"]:
        return "\\ud83d\\ude42"
    escape = found["escape"]
    if not escape:
        return "x"
    if escape[:2] != "\\u":
        return escape
    code = int(escape[2:], 16)
    return escape if code < 0x20 or 0xD800 <= code <= 0xDFFF else "\\u0078"
