"""The DATEV export: one booking batch a month, prepared for the tax adviser."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from transforms.readers.exports.datev_bookings import ZERO, Labels, Month, months_between, percent, read_month
from transforms.readers.exports.datev_format import Batch, render
from transforms.readers.exports.errors import ExportRefused
from transforms.readers.exports.staged import Staged
from transforms.readers.published import open_published

if TYPE_CHECKING:
    import duckdb

    from transforms.readers.exports.datev_accounts import Accounts
    from transforms.readers.exports.selection import Period

NEVERTHELESS = "Name the months with --from and --to to export them nevertheless."


@dataclass(frozen=True)
class WrittenBatch:
    """One month's file.

    Attributes:
        rows: Bookings in it.
        clearing: What stays on the clearing account, positive on the debit side.
    """

    path: Path
    month: str
    rows: int
    bytes: int
    revenue: Decimal
    payments: Decimal
    shipping: Decimal
    refunds: Decimal
    clearing: Decimal


@dataclass(frozen=True)
class DatevReport:
    """What the export wrote, and what the tax adviser should know."""

    form: str
    period: str
    files: list[WrittenBatch] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def export_datev(
    published: Path,
    output: Path,
    accounts: Accounts,
    *,
    period: Period,
    currency: str = "EUR",
    timezone: str = "Europe/Berlin",
) -> DatevReport:
    """Write a booking batch for each month with bookings.

    Args:
        output: The folder for the files.
        period: Whole months; default: the last one that is over and completely loaded.

    Raises:
        ExportRefused: The period is no whole month, or something has no account.
        BooksDisagree: The bookings do not add up to `daily_closing` and `vat_return`.
        ExportFailed: A file could not be written.
        TransformError: There is no published warehouse.
    """
    with closing(open_published(published, timezone)) as connection:
        account = _account(connection, accounts)
        first_booked, closed = _books(connection, account)
        start, end = _span(period, first_booked, closed)
        labels = Labels.read(connection)
        unknown = _refunds_of_unknown_day(connection, account)
        months = [
            read_month(connection, account, first, last, accounts, labels) for first, last in months_between(start, end)
        ]
    report = DatevReport("datev", f"{start} to {end}")
    with Staged() as staged:
        for month in months:
            if month.bookings:
                content = render(_batch(month, accounts, currency, timezone), month.bookings)
                target = output / f"EXTF_Buchungsstapel_{month.start:%Y-%m}_vorbereitet.csv"
                staged.begin(target).write_bytes(content)
                report.files.append(_written(target, month, len(content)))
    report.notes.extend(_notes(months, accounts, currency, closed=closed, unknown=unknown))
    return report


def _account(connection: duckdb.DuckDBPyConnection, accounts: Accounts) -> str:
    known = [
        name for (name,) in connection.execute("select distinct account from core.fct_orders order by 1").fetchall()
    ]
    wanted = accounts.account
    if wanted is None and len(known) == 1:
        return str(known[0])
    if wanted in known:
        return str(wanted)
    if not known:
        raise ExportRefused("The warehouse holds no orders yet, so there is nothing to book. Nothing was written.")
    problem = f"holds the accounts {', '.join(known)}"
    raise ExportRefused(
        f"The warehouse {problem}, and a booking batch is for one{'' if wanted is None else f', {wanted!r}'}. Nothing "
        "was written. Name it as `account` under [client] in the accounts file."
    )


def _span(period: Period, first: date | None, closed: date | None) -> tuple[date, date]:
    """The period's ends; open ends are the first month with a booking and the last that is closed."""
    end = period.end
    if end is None:
        if closed is None:
            raise ExportRefused(
                "No month is over and completely loaded, since no day is closed in every channel: `inventorum status` "
                f"shows what is missing. Nothing was written. {NEVERTHELESS}"
            )
        end = (closed + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    start = period.start or (first if period.end and first else end).replace(day=1)
    if start > end:
        raise ExportRefused(
            f"No month since {start:%Y-%m} is over and completely loaded (closed through {closed}). Nothing was "
            f"written. {NEVERTHELESS}"
        )
    return start, end


def _books(connection: duckdb.DuckDBPyConnection, account: str) -> tuple[date | None, date | None]:
    """The day of the first booking, and the last day that is closed in every channel."""
    ((first, closed),) = connection.execute(
        "select (select min(booking_date) from core.fct_bookings where account = $1), "
        # a channel that is asked for and was never read whole leaves no day closed
        "(select case when count(*) = count(closed_through_date) then min(closed_through_date) end "
        "from marts.freshness where account = $1 and last_crawl_at is not null and freshness <> 'not offered')",
        [account],
    ).fetchall()
    return first, closed


def _refunds_of_unknown_day(connection: duckdb.DuckDBPyConnection, account: str) -> Decimal:
    ((amount,),) = connection.execute(
        "select coalesce(-sum(gross_amount), 0) from core.fct_bookings where account = ? and booking_date is null",
        [account],
    ).fetchall()
    return Decimal(amount)


def _batch(month: Month, accounts: Accounts, currency: str, timezone: str) -> Batch:
    return Batch(
        consultant=accounts.consultant,
        client=accounts.client,
        year_begins=accounts.fiscal_year_of(month.start),
        account_length=accounts.account_length,
        start=month.start,
        end=month.end,
        designation=f"Vorbereitet fuer StB {month.start:%Y-%m}",
        initials=accounts.initials,
        currency=currency,
        chart=accounts.chart,
        created_at=datetime.now(ZoneInfo(timezone)),
    )


def _written(target: Path, month: Month, size: int) -> WrittenBatch:
    return WrittenBatch(
        path=target.absolute(),
        month=f"{month.start:%Y-%m}",
        rows=len(month.bookings),
        bytes=size,
        revenue=month.revenue,
        payments=month.payments,
        shipping=month.shipping,
        refunds=month.refunds,
        clearing=month.clearing,
    )


def _notes(
    months: list[Month], accounts: Accounts, currency: str, *, closed: date | None, unknown: Decimal
) -> list[str]:
    notes = [f"Nothing to book in {month.start:%Y-%m}: no file." for month in months if not month.bookings]
    if accounts.is_template:
        notes.append(
            f"The consultant's number is the template's ({accounts.consultant}). Ask your tax adviser for the numbers "
            "of consultant and client and enter them in the accounts file."
        )
    open_months = [f"{month.start:%Y-%m}" for month in months if closed is None or month.end > closed]
    if open_months:
        notes.append(
            f"{', '.join(open_months)}: not closed yet (closed through {closed or 'no day'}): bookings may still come. "
            "Export again when it is, and import that."
        )
    rest = sum((month.clearing for month in months), ZERO)
    if rest:
        side = "sales that are not paid" if rest > 0 else "payments without a sale"
        notes.append(f"Account {accounts.clearing} keeps {abs(rest)} {currency} of {side}: see `balance_class`.")
    notes += [
        f"{month.start:%Y-%m}, {percent(rate)}: DATEV computes {computed} {currency} of VAT from the lines, the "
        f"receipts hold {booked}, by rounding."
        for month in months
        for rate, (booked, computed) in month.tax.items()
    ]
    if unknown:
        notes.append(
            f"Refunds of {unknown} {currency} had been made before their orders were first read. Nobody knows the "
            "day: they stand in no month. marts.refunds lists them without a date."
        )
    return notes
