"""Bookings of a month as the books hold them, compared with the report tables.

Revenue, shipping and their refunds, cancellations and corrections go against a clearing account, one line a booking
date, channel, kind and VAT rate; payments come out of it, one line a booking date, channel, kind and payment method. So
each total stands in the batch as it stands in `vat_return` and `daily_closing`, and a month that is closed gives the
same lines for ever: what changed later stands in the month in which it was booked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from transforms.readers.exports.datev_format import BOOKING_TEXT, Booking, booking
from transforms.readers.exports.errors import BooksDisagree, ExportRefused

if TYPE_CHECKING:
    import duckdb

    from transforms.readers.exports.datev_accounts import Accounts, Revenue

ZERO, CENT = Decimal(0), Decimal("0.01")
Sums = dict[tuple[Any, ...], Decimal]
Keyed = tuple[tuple[Any, ...], Booking]  # where a line stands in the batch, and the line

REVENUE = """
select booking_date, channel, kind, tax_rate, sum(gross_amount), sum(shipping_gross_amount)
from core.fct_bookings
where account = ? and booking_date between ? and ?
group by all
"""
PAYMENTS = """
select booking_date, channel, kind, payment_method, sum(payment_amount)
from core.fct_payment_bookings
where account = ? and booking_date between ? and ?
group by all
"""
VAT_RETURN = """
select tax_rate, gross_amount, vat_amount, shipping_vat_amount from marts.vat_return
where account = ? and month between ? and ?
"""
CLOSING = """
select booking_date, channel, payment_method, payment_amount - refund_amount from marts.daily_closing
where account = ? and booking_date between ? and ?
"""
SHIPPING_VAT = "select value from ops.meta where key = 'shipping_vat'"
PERIODS = """
select tax_rate, valid_from_date, valid_to_date from core.tax_rate_periods
"""

WORDS = {"sale": "Umsatz", "refund": "Erstattung", "cancellation": "Storno", "correction": "Korrektur"}
PAYMENT_WORDS = {"sale": "Zahlung", "refund": "Erstattung"}


class Goods(NamedTuple):
    """What a line of revenue sums up."""

    day: date
    channel: str
    kind: str
    rate: Decimal | None


@dataclass(frozen=True)
class Month:
    """The bookings of one month.

    Attributes:
        revenue: Goods that were sold, less cancellations, corrections included.
        payments: Payments, less those of cancellations; refunds not taken off.
        shipping: Shipping, VAT included.
        refunds: What was refunded.
        clearing: What stays on the clearing account: positive on the debit side.
        tax: VAT by rate as in `vat_return`, with what DATEV will compute from the lines where that differs; without
            that of shipping which has an account of its own.
    """

    start: date
    end: date
    bookings: tuple[Booking, ...]
    revenue: Decimal
    payments: Decimal
    shipping: Decimal
    refunds: Decimal
    clearing: Decimal
    tax: Mapping[Decimal, tuple[Decimal, Decimal]]


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
        BooksDisagree: They do not add up to `daily_closing` and `vat_return`.
        ExportRefused: A VAT rate or payment method has no account, or a rate does not fit its date.
    """

    def rows(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query, [account, start, end]).fetchall()

    def sums(query: str) -> Sums:
        return {tuple(key): Decimal(amount or 0) for *key, amount in rows(query)}

    vat_return = rows(VAT_RETURN)
    goods, shipping = {}, {}
    for day, channel, kind, rate, amount, freight in rows(REVENUE):
        goods[Goods(day, channel, kind, rate)] = Decimal(amount)
        shipping[Goods(day, channel, kind, rate)] = Decimal(freight)
    payments = sums(PAYMENTS)
    lawful = Lawful.read(connection)
    revenue = [*sales_lines(goods, accounts, labels, lawful), *shipping_lines(shipping, accounts, labels, lawful)]
    paid = _paid(payments, accounts, labels)
    reported = {(rate,): gross for rate, gross, *_ in vat_return}
    _tie("revenue", "marts.vat_return", _moved(revenue, lambda place: place[-1:]), reported)
    _tie("payments", "marts.daily_closing", _moved(paid, lambda place: (place[0], place[1], place[-1])), sums(CLOSING))
    bookings = [*revenue, *paid]
    return Month(
        start=start,
        end=end,
        bookings=tuple(line for _, line in sorted(bookings, key=lambda each: each[0])),
        revenue=sum((amount for key, amount in goods.items() if key.kind != "refund"), ZERO),
        payments=sum((amount for key, amount in payments.items() if key[2] != "refund"), ZERO),
        shipping=sum(shipping.values(), ZERO),
        refunds=-sum((amount for key, amount in goods.items() if key.kind == "refund"), ZERO),
        clearing=balance((line for _, line in bookings), accounts.clearing),
        tax=_taxes(
            (goods, shipping) if accounts.shipping is None else (goods,),
            {rate: tax if accounts.shipping is None else tax - freight for rate, _, tax, freight in vat_return},
        ),
    )


def _moved(lines: Iterable[Keyed], key_of: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Sums:
    """What the lines move, by a part of their places."""
    total: Sums = {}
    for place, line in lines:
        key = key_of(place)
        total[key] = total.get(key, ZERO) + (line.amount if line.side == "S" else -line.amount)
    return total


def _taxes(
    lines: Sequence[Mapping[Goods, Decimal]], booked: Mapping[Decimal | None, Decimal]
) -> dict[Decimal, tuple[Decimal, Decimal]]:
    """By rate the VAT of the books and that of the lines, each rounded by itself, where they differ."""
    computed: dict[Decimal, Decimal] = {}
    for amounts in lines:
        for key, gross in amounts.items():
            if key.rate is not None:
                tax = (gross * key.rate / (100 + key.rate)).quantize(CENT, ROUND_HALF_UP)
                computed[key.rate] = computed.get(key.rate, ZERO) + tax
    return {
        rate: (booked.get(rate, ZERO), tax) for rate, tax in sorted(computed.items()) if tax != booked.get(rate, ZERO)
    }


@dataclass(frozen=True)
class Lawful:
    """When each VAT rate was in force, as the warehouse lists it, and whether shipping bears any, as it was built."""

    periods: Mapping[Decimal, tuple[tuple[date | None, date | None], ...]]
    taxes_shipping: bool = True

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection) -> Lawful:
        found: dict[Decimal, tuple[tuple[date | None, date | None], ...]] = {}
        for rate, first, last in connection.execute(PERIODS).fetchall():
            found[rate] = (*found.get(rate, ()), (first, last))
        return cls(found, connection.execute(SHIPPING_VAT).fetchall() != [("none",)])

    def fits(self, rate: Decimal, day: date) -> bool:
        """Whether the rate was in force on the day; of rates that nobody lists nothing is known."""
        periods = self.periods.get(rate)
        return periods is None or any(
            (first is None or first <= day) and (last is None or day <= last) for first, last in periods
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


def sales_lines(goods: Mapping[Goods, Decimal], accounts: Accounts, labels: Labels, lawful: Lawful) -> list[Keyed]:
    """Revenue by booking date, channel, kind and VAT rate.

    Raises:
        ExportRefused: A rate has no account, or does not fit its date and has no key that says it.
    """
    return [
        _line(key, amount, _target(key, amount, "revenue", accounts, lawful), accounts, WORDS[key.kind], labels, 0)
        for key, amount in goods.items()
        if amount
    ]


def shipping_lines(
    shipping: Mapping[Goods, Decimal], accounts: Accounts, labels: Labels, lawful: Lawful
) -> list[Keyed]:
    """Shipping likewise; it goes where goods of its rate go, unless it has an account of its own.

    Raises:
        ExportRefused: As of `sales_lines`.
    """
    lines = []
    for key, amount in shipping.items():
        if amount:
            target = _shipping_target(key, amount, accounts, lawful)
            what = "Versand" if key.kind == "sale" else f"{WORDS[key.kind]} Versand"
            lines.append(_line(key, amount, target, accounts, what, labels, 1))
    return lines


def _shipping_target(key: Goods, amount: Decimal, accounts: Accounts, lawful: Lawful) -> Revenue:
    """Where shipping goes: to its own account, if there is one, else where goods of its rate go."""
    said = f"{amount} of the shipping of {key.day} ({key.channel}, {key.kind})"
    own = accounts.shipping
    if own is None:
        if not lawful.taxes_shipping:
            raise ExportRefused(
                f"{said} bears no VAT, as the setting `shipping_vat` says, and no account is set for that. Nothing was "
                "written. Name one that computes no VAT under [shipping] in the accounts file, or leave the setting "
                "away."
            )
        return _target(key, amount, "shipping", accounts, lawful)
    taxed = [rate for rate, target in accounts.revenue.items() if rate and target.account == own.account]
    if taxed and not own.key and key.rate not in taxed:
        raise ExportRefused(
            f"{said} bears {'no VAT rate' if key.rate is None else f'{plain(key.rate)} % VAT'}, and account "
            f"{own.account} under [shipping] is that of {percent(taxed[0])}: DATEV would compute another. Nothing was "
            "written. Name an account there that computes none by itself, or remove it: then shipping goes where goods "
            "of its rate go."
        )
    return own


def _target(key: Goods, amount: Decimal, what: str, accounts: Accounts, lawful: Lawful) -> Revenue:
    """Where revenue of a rate goes on a day."""
    said = f"{amount} of the {what} of {key.day} ({key.channel}, {key.kind})"
    target = accounts.revenue.get(key.rate)
    if key.rate is None:
        if target is None:
            raise ExportRefused(
                f"{said} has no VAT rate, and no account is set for that. Nothing was written. Add it to [revenue] in "
                "the accounts file, like unknown = 8400."
            )
        return target
    shown = plain(key.rate)
    if not lawful.fits(key.rate, key.day):
        target = target if target is not None and target.key else accounts.off_period.get(key.rate)
        if target is None:
            raise ExportRefused(
                f"{said} bears {shown} % VAT, which was not in force that day: on an account that knows its rate by "
                "the date, DATEV would compute another. Nothing was written. Add the account with the tax key of that "
                f'rate to [revenue_off_period] in the accounts file, like "{shown}" = {{ account = …, key = "…" }}; '
                "your tax adviser knows both."
            )
        return target
    if target is None:
        raise ExportRefused(
            f"{said} has a VAT rate of {shown} %, and no account is set for that. Nothing was written. Add it to "
            f'[revenue] in the accounts file, like "{shown}" = 8400.'
        )
    return target


def _line(
    key: Goods, amount: Decimal, target: Revenue, accounts: Accounts, what: str, labels: Labels, part: int
) -> Keyed:
    line = booking(
        amount,
        debit=accounts.clearing,
        credit=target.account,
        key=target.key,
        day=key.day,
        receipt=_receipt(key.day, key.channel),
        text=_text(f"{what} {percent(key.rate)}", labels.channel(key.channel), key.day),
    )
    place = (key.day, key.channel, part, list(WORDS).index(key.kind), key.rate is None, key.rate)
    return place, line


def _paid(sums: Sums, accounts: Accounts, labels: Labels) -> list[Keyed]:
    lines = []
    for (day, channel, kind, method), amount in sums.items():
        if not amount:
            continue
        target = accounts.payments.get(method, accounts.other_payments)
        if target is None:
            raise ExportRefused(
                f"{amount} of the payments of {day} ({channel}) came by payment method {method!r}, and no account is "
                f'set for that. Nothing was written. Add "{method}" or `other` to [payments] in the accounts file.'
            )
        what = PAYMENT_WORDS.get(kind) or f"{WORDS[kind]} Zahlung"
        line = booking(
            amount,
            debit=target,
            credit=accounts.clearing,
            day=day,
            receipt=_receipt(day, channel),
            text=_text(f"{what} {labels.method(method)}", labels.channel(channel), day),
        )
        lines.append(((day, channel, 2, list(WORDS).index(kind), method), line))
    return lines


def _text(what: str, channel: str, day: date) -> str:
    """What is booked, of which channel and day; too long names are cut, the date never."""
    written = f"{day:%d.%m.%Y}"
    return f"{f'{what} {channel}'[: BOOKING_TEXT - len(written) - 1].rstrip()} {written}"


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
        f"{', '.join(map(str, key))}: {left} in the books, {right} in {table}"
        for key, left, right in sorted(apart, key=lambda each: tuple(map(str, each[0])))[:5]
    )
    raise BooksDisagree(
        f"The {what} of the bookings and of {table} differ in {len(apart)} places ({shown}). Nothing was written. "
        "Run `inventorum build --full`; if they still differ, `inventorum check` says more."
    )
