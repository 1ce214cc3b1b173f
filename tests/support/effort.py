"""How much a run of tests takes upon itself: every law once, or its long forms, too.

`pytest` runs the first; `pytest -m ""` everything, `pytest -m long` what the first leaves out.
"""

from __future__ import annotations

import os
from typing import TypeVar

LONG = "INVENTORUM_LONG_TESTS"
Of = TypeVar("Of")


def of_many(few: Of, many: Of) -> Of:
    """How many examples to try, or which: a few, or in a long run many."""
    return many if LONG in os.environ else few
