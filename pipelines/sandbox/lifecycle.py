"""What becomes of an order after it was placed: paid, shipped, delivered, cancelled, refunded, and when."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from pipelines.sandbox.payload import (
    CANCELED,
    CLOSED,
    COMPLETED,
    DELIVERED,
    DRAFT,
    PAID,
    PENDING,
    READ,
    REFUNDED,
    SHIPPED,
    TEST_PRINT,
)

HOUR, DAY = 3600, 86_400
TILL = ("ipad",)


@dataclass(slots=True)
class Course:
    """How far an order has come; times in seconds since 1970.

    Attributes:
        method: Code of the first payment.
        completed: When it was completed; creation if it is not.
        modified: The last event.
        invoice: Number of the receipt, "" as long as there is none.
    """

    channel: str
    added: int
    method: str
    state: int
    completed: int
    modified: int
    invoice: str = ""

    @property
    def has_invoice(self) -> bool:
        """Whether it has been completed, so that a receipt was printed."""
        return bool(self.state & (PAID | CLOSED)) and not self.state & TEST_PRINT


def course_at_till(rng: Random, added: int, until: int) -> Course:
    """A sale at the till: paid and handed over at once, seldom cancelled or brought back."""
    draw = rng.random()
    method = "0" if rng.random() < 0.56 else rng.choices("123", (80, 15, 5))[0]
    state, modified = COMPLETED, added
    if draw < 0.0015:
        state |= TEST_PRINT
    elif draw < 0.004:
        state = DRAFT
    elif draw < 0.009:
        modified = added + rng.randint(40, 900)
        if modified <= until:
            state |= CANCELED
    elif draw < 0.022:
        modified = added + int(rng.uniform(0.5, 14) * DAY)
        if modified <= until:
            state |= REFUNDED
    return Course("ipad", added, method, state, added, modified if modified <= until else added)


def course_by_mail(rng: Random, channel: str, added: int, until: int) -> Course:
    """An order that is shipped or collected, as far as it has come at a time."""
    method = rng.choices("4612", (55, 28, 14, 3))[0]
    by_invoice = method == "6" and rng.random() < 0.2  # goods first, money later
    paid = added + rng.randint(5, 60)
    if method == "6":
        paid = added + int((rng.uniform(7, 21) if by_invoice else rng.uniform(0.4, 4)) * DAY)
    seen = added + rng.randint(600, 14 * HOUR)
    shipped = (added if by_invoice else paid) + rng.randint(4 * HOUR, 40 * HOUR)
    delivered = shipped + rng.randint(18 * HOUR, 70 * HOUR)
    draw = rng.random()
    if draw < 0.035 and not by_invoice:  # cancelled before it leaves
        canceled = min(paid, added + 5 * DAY) + rng.randint(600, 4 * HOUR)
        shipped = delivered = until + 1
        if method == "6" and draw < 0.02:
            paid = until + 1  # the money never came
            canceled = added + 14 * DAY
    else:
        canceled = until + 1
    refunded = delivered + rng.randint(3 * DAY, 20 * DAY) if 0.035 <= draw < 0.065 else until + 1
    state, modified = 0 if by_invoice else PENDING, added
    for at, bits in ((seen, READ), (paid, PAID | CLOSED), (shipped, SHIPPED), (delivered, DELIVERED)):
        if at <= until:
            state, modified = state | bits, max(modified, at)
    for at, bits in ((canceled, CANCELED), (refunded, REFUNDED)):
        if at <= until:
            state, modified = state | bits, max(modified, at)
    if state & (PAID | CANCELED):
        state &= ~PENDING
    completed = paid if state & PAID else added
    return Course(channel, added, method, state, completed, modified)
