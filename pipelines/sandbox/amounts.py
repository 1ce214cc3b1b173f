"""Money as whole cents, written as the API writes it: two or ten decimal places."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

Amount = str | int | Decimal
"""An amount in EUR."""


def rounded(numerator: int, denominator: int) -> int:
    """The quotient rounded half up (away from zero)."""
    if numerator < 0:
        return -rounded(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def cents(amount: Amount) -> int:
    """An amount in EUR as whole cents."""
    return int((Decimal(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def per_mille_percent(rate: Amount) -> int:
    """A tax rate in percent as thousandths of a percent: 19 is 19,000."""
    return int(Decimal(rate) * 1000)


def two_places(value: int) -> str:
    """Cents with two places: 6990 is 69.90."""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"


def ten_places(value: int) -> str:
    """Cents with ten places: 13860 is 138.6000000000, nothing is 0E-10."""
    return "0E-10" if value == 0 else f"{two_places(value)}00000000"


def net_price(unit_gross: int, rate: int) -> str:
    """The net price per unit with ten places, of cents gross and a rate in thousandths of a percent."""
    net = rounded(unit_gross * 10**13, 100_000 + rate)
    sign = "-" if net < 0 else ""
    return f"{sign}{abs(net) // 10**10}.{abs(net) % 10**10:010d}" if net else "0E-10"


def rate_text(rate: int) -> str:
    """A rate with three places: 19000 is 19.000."""
    return f"{rate // 1000}.{rate % 1000:03d}"


def quantity_places(quantity: Amount) -> tuple[str, str]:
    """A quantity as the number and as the text with two places that the API sends: 10 and 10.00."""
    exact = Decimal(quantity)
    number = str(int(exact)) if exact == exact.to_integral_value() else str(exact.normalize())
    return number, str(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))
