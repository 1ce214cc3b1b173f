"""What text from outside may not do to a terminal."""

from __future__ import annotations

import re

# control characters but line ends and tabs, marks that turn the reading direction, halves of surrogate pairs
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Text that came from outside, as a terminal may get it: what would steer it is shown by its number instead.

    Buyers type names and addresses, and servers write error pages. Line ends and tabs stay.
    """
    return STEERING.sub(lambda found: f"\\u{ord(found.group()):04x}", text)
