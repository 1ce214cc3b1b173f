"""The rows that the page is made of. Amounts are exact decimals in the account's currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

CASH = "0"  # the code of the payment method
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Totals:
    """What was sold in a period; gross, net and VAT are those of the items of sales."""

    order_count: int = 0
    quantity: Decimal = ZERO
    gross_amount: Decimal = ZERO
    net_amount: Decimal = ZERO
    vat_amount: Decimal = ZERO
    shipping_gross_amount: Decimal = ZERO
    discount_amount: Decimal = ZERO
    refund_count: int = 0
    refund_amount: Decimal = ZERO

    @property
    def average_gross_amount(self) -> Decimal | None:
        """Gross per sale; None without sales."""
        return self.gross_amount / self.order_count if self.order_count else None


@dataclass(frozen=True)
class Coverage:
    """Which days the warehouse can speak about.

    Attributes:
        first_date: First day with an order; None: there is no order at all.
        last_date: Last day with an order.
        as_of: The shop's clock when the newest complete reading began; None: nothing was ever read completely.
        today: Business date of `as_of`; without one, the last day with an order.
    """

    accounts: tuple[str, ...]
    first_date: date | None
    last_date: date | None
    as_of: datetime | None
    today: date | None


@dataclass(frozen=True)
class ChannelSales:
    channel: str
    totals: Totals


@dataclass(frozen=True)
class ProductSales:
    product_name: str | None
    product_code: str | None
    order_count: int
    quantity: Decimal
    gross_amount: Decimal
    refund_amount: Decimal


@dataclass(frozen=True)
class PaymentSums:
    payment_method: str
    payment_count: int
    payment_amount: Decimal
    refund_amount: Decimal


@dataclass(frozen=True)
class VatLine:
    month: date
    tax_rate: Decimal | None
    gross_amount: Decimal
    net_amount: Decimal
    vat_amount: Decimal


@dataclass(frozen=True)
class ClosingLine:
    channel: str
    payment_method: str
    payment_count: int
    payment_amount: Decimal
    refund_amount: Decimal
    order_count: int
    first_receipt_number: str | None
    last_receipt_number: str | None


@dataclass(frozen=True)
class ClosingRate:
    """What a channel booked on a day at one VAT rate; cancellations with corrections, signed like refunds."""

    channel: str
    tax_rate: Decimal | None
    order_count: int
    sale_gross_amount: Decimal
    canceled_gross_amount: Decimal
    refund_gross_amount: Decimal
    shipping_gross_amount: Decimal
    net_amount: Decimal
    vat_amount: Decimal


@dataclass(frozen=True)
class ClosingDay:
    """The daily closing of a day, as booked: what was sold beside what was paid.

    Attributes:
        test_print_count: What was printed to try the till; it counts in none of the figures.
    """

    booking_date: date
    rates: tuple[ClosingRate, ...]
    lines: tuple[ClosingLine, ...]
    test_print_count: int

    @property
    def order_count(self) -> int:
        """Sales that were booked, less cancellations."""
        return sum(rate.order_count for rate in self.rates)

    @property
    def gross_amount(self) -> Decimal:
        """Goods of sales, less those of cancellations, corrections included."""
        return sum((rate.sale_gross_amount + rate.canceled_gross_amount for rate in self.rates), ZERO)

    @property
    def shipping_gross_amount(self) -> Decimal:
        return sum((rate.shipping_gross_amount for rate in self.rates), ZERO)

    @property
    def refund_amount(self) -> Decimal:
        """Goods that came back."""
        return -sum((rate.refund_gross_amount for rate in self.rates), ZERO)

    @property
    def cash_amount(self) -> Decimal:
        """What the drawer gained: cash payments less refunds in cash."""
        return sum(
            (line.payment_amount - line.refund_amount for line in self.lines if line.payment_method == CASH), ZERO
        )

    @property
    def payment_amount(self) -> Decimal:
        """Payments, refunds not taken off."""
        return sum((line.payment_amount for line in self.lines), ZERO)

    @property
    def difference(self) -> Decimal:
        """Payments minus goods and shipping."""
        return self.payment_amount - self.gross_amount - self.shipping_gross_amount


@dataclass(frozen=True)
class Refund:
    """A refunded sale, with the day on whose books the refund stands."""

    order_id: int
    receipt_number: str | None
    channel: str
    business_date: date
    refund_date: date
    refund_amount: Decimal


@dataclass(frozen=True)
class DiscountSums:
    discount_level: str
    discount_type: str
    order_count: int
    discount_amount: Decimal
    gross_amount: Decimal
    unknown_amount_count: int


@dataclass(frozen=True)
class OpenOrder:
    order_id: int
    receipt_number: str | None
    channel: str
    business_date: date
    age_days: int
    gross_amount: Decimal
    payment_amount: Decimal
    is_pending: bool


@dataclass(frozen=True)
class OpenOrders:
    """All orders that wait for money, and the oldest of them."""

    order_count: int
    gross_amount: Decimal
    oldest: tuple[OpenOrder, ...]
