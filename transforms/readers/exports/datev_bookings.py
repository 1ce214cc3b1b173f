"""Bookings of a month from the warehouse, added up from the orders and compared with the report tables.

Revenue goes against a clearing account, one line a business date, channel and VAT rate; payments come out of it,
one line a business date, channel and payment method. So each total stands in the batch as it stands in
`daily_closing` and `vat_by_month`, also where a sale is unpaid, overpaid, or paid in two ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from transforms.readers.exports.datev_format import Booking, booking
from transforms.readers.exports.errors import BooksDisagree, ExportRefused

if TYPE_CHECKING:
    import duckdb

    from transforms.readers.exports.datev_accounts import Accounts, Revenue

ZERO = Decimal(0)
Sums = dict[tuple[Any, ...], Decimal]

REVENUE = """
select orders.business_date, orders.channel, vat.tax_rate, sum(vat.gross_amount)
from core.fct_order_vat as vat
inner join core.fct_orders as orders on vat.account = orders.account and vat.order_id = orders.order_id
where orders.account = ? and orders.order_class = 'sale' and orders.business_date between ? and ?
group by all
"""
PAYMENTS = """
select orders.business_date, orders.channel, payments.payment_method, sum(payments.amount)
from core.fct_payments as payments
inner join core.fct_orders as orders
    on payments.account = orders.account and payments.order_id = orders.order_id
where orders.account = ? and orders.order_class = 'sale' and orders.business_date between ? and ?
group by all
"""
SHIPPING = """
select business_date, channel, sum(shipping_gross_amount) from core.fct_orders
where account = ? and order_class = 'sale' and business_date between ? and ?
group by all
"""
CLOSING = """
select business_date, channel, payment_method, payment_amount from marts.daily_closing
where account = ? and business_date between ? and ?
"""
VAT_OF_MONTH = """
select month, channel, tax_rate, gross_amount from marts.vat_by_month
where account = ? and month between ? and ?
"""
REFUNDED_REVENUE = """
select business_date, channel, tax_rate, refund_gross_amount from marts.daily_closing_vat
where account = ? and business_date between ? and ?
"""
REFUNDED_PAYMENTS = """
select business_date, channel, payment_method, refund_amount from marts.daily_closing
where account = ? and business_date between ? and ?
"""


@dataclass(frozen=True)
class Month:
    """The bookings of one month.

    Attributes:
        revenue: Gross revenue of the month, as in `vat_by_month`.
        payments: Payments of the month's sales, as in `daily_closing`.
        shipping: Shipping of the month's sales, booked or not.
        refunds: Worth of the orders that were marked as refunded in the month, booked or not.
        clearing: What stays on the clearing account: positive on the debit side.
    """

    start: date
    end: date
    bookings: tuple[Booking, ...]
    revenue: Decimal
    payments: Decimal
    shipping: Decimal
    refunds: Decimal
    clearing: Decimal


@dataclass(frozen=True)
class Labels:
    """German names by code, for the booking texts."""

    channels: Mapping[str, str]
    methods: Mapping[str, str]

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection) -> Labels:
        channels = connection.execute("select channel, label_de from core.dim_channel").fetchall()
        methods = connection.execute("select payment_method, label_de from core.dim_payment_method").fetchall()
        return cls(dict(channels), dict(methods))

    def channel(self, code: str) -> str:
        return self.channels.get(code, code)

    def method(self, code: str) -> str:
        return self.methods.get(code, code)


def months_between(start: date, end: date) -> list[tuple[date, date]]:
    """First and last days of the months from `start` to `end`.

    Raises:
        ExportRefused: They are not the first and last day of a month.
    """
    if start.day != 1 or (end + timedelta(days=1)).day != 1:
        raise ExportRefused(
            f"A booking batch holds whole months, and {start} to {end} are none. Nothing was written. "
            "Give months, like --from 2026-10 --to 2026-11."
        )
    months = []
    while start <= end:
        following = (start.replace(day=28) + timedelta(days=4)).replace(day=1)
        months.append((start, following - timedelta(days=1)))
        start = following
    return months


def read_month(
    connection: duckdb.DuckDBPyConnection,
    account: str,
    start: date,
    end: date,
    accounts: Accounts,
    labels: Labels,
) -> Month:
    """The month's bookings, by date.

    Raises:
        BooksDisagree: They do not add up to `daily_closing` and `vat_by_month`.
        ExportRefused: A VAT rate or payment method has no account.
    """

    def sums(query: str) -> Sums:
        rows = connection.execute(query, [account, start, end]).fetchall()
        return {tuple(key): Decimal(amount or 0) for *key, amount in rows}

    revenue, payments, shipping = sums(REVENUE), sums(PAYMENTS), sums(SHIPPING)
    by_month: Sums = {}
    for (_, channel, rate), amount in revenue.items():
        by_month[start, channel, rate] = by_month.get((start, channel, rate), ZERO) + amount
    _tie("revenue", "marts.vat_by_month", by_month, sums(VAT_OF_MONTH))
    _tie("payments", "marts.daily_closing", payments, sums(CLOSING))

    refunded_revenue, refunded_payments = sums(REFUNDED_REVENUE), sums(REFUNDED_PAYMENTS)
    bookings = [*sales_lines(revenue, accounts, labels), *_paid(payments, accounts, labels)]
    if accounts.shipping is not None:
        bookings += _shipped(shipping, accounts.clearing, accounts.shipping, labels)
    if accounts.books_refunds:
        _tie("refunds", "marts.daily_closing", _daily(refunded_revenue), _daily(refunded_payments))
        bookings += sales_lines(refunded_revenue, accounts, labels, back=True)
        bookings += _paid(refunded_payments, accounts, labels, back=True)
    return Month(
        start=start,
        end=end,
        bookings=tuple(sorted(bookings, key=lambda each: (each.day, each.receipt))),
        revenue=sum(revenue.values(), ZERO),
        payments=sum(payments.values(), ZERO),
        shipping=sum(shipping.values(), ZERO),
        refunds=sum(refunded_revenue.values(), ZERO),
        clearing=balance(bookings, accounts.clearing),
    )


def balance(bookings: Iterable[Booking], account: int) -> Decimal:
    """Debit less credit of one account over these lines."""
    total = ZERO
    for each in bookings:
        signed = each.amount if each.side == "S" else -each.amount
        if each.account == account:
            total += signed
        if each.contra == account:
            total -= signed
    return total


def sales_lines(sums: Sums, accounts: Accounts, labels: Labels, *, back: bool = False) -> list[Booking]:
    """Revenue, or with `back` refunds, by (business date, channel, VAT rate).

    Raises:
        ExportRefused: A rate has no account.
    """
    lines = []
    for (day, channel, rate), amount in sums.items():
        if not amount:
            continue
        target = accounts.revenue.get(rate)
        if target is None:
            shown, key = "no VAT rate", "unknown"
            if rate is not None:
                shown, key = f"a VAT rate of {plain(rate)} %", f'"{plain(rate)}"'
            raise ExportRefused(
                f"{amount} of the revenue of {day} ({channel}) has {shown}, and no account is set for that. Nothing "
                f"was written. Add it to [revenue] in the accounts file, like {key} = 8400."
            )
        what = "Erstattung" if back else "Umsatz"
        lines.append(
            booking(
                -amount if back else amount,
                debit=accounts.clearing,
                credit=target.account,
                key=target.key,
                day=day,
                receipt=_receipt(day, channel),
                text=f"{what} {percent(rate)} {labels.channel(channel)} {day:%d.%m.%Y}",
            )
        )
    return lines


def _paid(sums: Sums, accounts: Accounts, labels: Labels, *, back: bool = False) -> list[Booking]:
    lines = []
    for (day, channel, method), amount in sums.items():
        if not amount:
            continue
        target = accounts.payments.get(method, accounts.other_payments)
        if target is None:
            raise ExportRefused(
                f"{amount} of the payments of {day} ({channel}) came by payment method {method!r}, and no account is "
                f'set for that. Nothing was written. Add "{method}" or `other` to [payments] in the accounts file.'
            )
        what = "Erstattung" if back else "Zahlung"
        lines.append(
            booking(
                -amount if back else amount,
                debit=target,
                credit=accounts.clearing,
                day=day,
                receipt=_receipt(day, channel),
                text=f"{what} {labels.method(method)} {labels.channel(channel)} {day:%d.%m.%Y}",
            )
        )
    return lines


def _shipped(sums: Sums, clearing: int, target: Revenue, labels: Labels) -> list[Booking]:
    return [
        booking(
            amount,
            debit=clearing,
            credit=target.account,
            key=target.key,
            day=day,
            receipt=_receipt(day, channel),
            text=f"Versand {labels.channel(channel)} {day:%d.%m.%Y}",
        )
        for (day, channel), amount in sums.items()
        if amount
    ]


def plain(rate: Decimal) -> str:
    """19.000 as `19`, 5.500 as `5.5`."""
    return format(rate.normalize(), "f")


def percent(rate: Decimal | None) -> str:
    """19.000 as `19 %`, 5.500 as `5,5 %`."""
    if rate is None:
        return "ohne Satz"
    return plain(rate).replace(".", ",") + " %"


def _receipt(day: date, channel: str) -> str:
    return f"{day:%Y%m%d}-{channel}"


def _daily(sums: Sums) -> Sums:
    total: Sums = {}
    for (day, channel, _), amount in sums.items():
        total[day, channel] = total.get((day, channel), ZERO) + amount
    return total


def _tie(what: str, table: str, booked: Sums, reported: Sums) -> None:
    """Compare sums by key; a key that one side lacks counts as zero."""
    apart = [
        (key, booked.get(key, ZERO), reported.get(key, ZERO))
        for key in booked.keys() | reported.keys()
        if booked.get(key, ZERO) != reported.get(key, ZERO)
    ]
    if not apart:
        return
    shown = "; ".join(
        f"{', '.join(map(str, key))}: {left} in the orders, {right} in {table}"
        for key, left, right in sorted(apart, key=lambda each: tuple(map(str, each[0])))[:5]
    )
    raise BooksDisagree(
        f"The {what} of the bookings and of {table} differ in {len(apart)} places ({shown}). Nothing was written. "
        "Run `inventorum build --full`; if they still differ, `inventorum check` says more."
    )
