"""The accounts file of the DATEV export: templates for the charts SKR03 and SKR04, read and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from transforms.readers.exports.errors import ExportRefused

# Chart -> clearing for income and expenditure accounts and for balance sheets, revenue at the full, reduced and no
# rate, cash, money in transit.
CHARTS = {
    "SKR03": ("03", 1371, 1410, 8400, 8300, 8200, 1000, 1360),
    "SKR04": ("04", 1486, 1210, 4400, 4300, 4200, 1600, 1460),
}
UNKNOWN_CONSULTANT = 1001

TEMPLATE = """\
# Accounts for `inventorum export datev`: chart {name}.
# Every number is a proposal. Have your tax adviser check them before the first import.

[client]
consultant = {consultant}  # Beraternummer, 1001 to 9999999: ask your tax adviser
client = 1  # Mandantennummer, 1 to 99999: ask your tax adviser
chart = "{chart}"  # Sachkontenrahmen
account_length = 4  # Sachkontenlänge, 4 to 8
fiscal_year_begins = "01-01"  # month and day
initials = ""  # Diktatkürzel, two capital letters, or empty
# account = "default"  # whose orders, if the warehouse holds several accounts

# Revenue and shipping are booked against this account, and payments out of it; what stays on it is unpaid or overpaid.
[clearing]
account = {clearing}  # income and expenditure account (EÜR, § 4 Abs. 3 EStG): without effect on profit
# account = {receivables}  # balance sheet (Bilanz): receivables without an account for each customer

# Gross revenue by VAT rate. An account that knows its rate (Automatikkonto) stands alone; any other needs its
# key (BU-Schlüssel): "19" = {{ account = {none}, key = "3" }}
# In the second half of 2020 DATEV takes 16 and 5 % on these accounts by itself, from the date of the booking.
# Shipping goes where goods of its rate go.
[revenue]
"19" = {full}
"16" = {full}
"7" = {reduced}
"5" = {reduced}
"0" = {none}  # without VAT function: small businesses, vouchers and exempt sales may need another
# unknown = {none}  # lines whose rate the API did not send

# Revenue at a rate that was not in force on its day, as a refund in 2021 of what was sold at 16 %: an account that
# knows its rate by the date would take another, so such lines need the key of their rate. Without it they are refused.
[revenue_off_period]
# "16" = {{ account = {none}, key = "" }}  # your tax adviser knows both

# Money by payment method, as `core.dim_payment_method` lists them.
[payments]
"0" = {cash}  # cash
"4" = {transit}  # PayPal; an account of its own is usual
"6" = {transit}  # bank transfer: the bank statement clears it
other = {transit}  # every method that is not named here

# An account of its own for shipping, whatever its rate: one that computes no VAT by itself.
[shipping]
# account = {none}
"""


@dataclass(frozen=True)
class Revenue:
    """Where sales of one VAT rate go."""

    account: int
    key: str = ""


@dataclass(frozen=True)
class Accounts:
    """The settings of the DATEV export.

    Attributes:
        year_begins: Month with which the fiscal year begins.
        account: Whose orders; None: the only account of the warehouse.
        revenue: By VAT rate in percent; None is an unknown rate.
        payments: By code of the payment method.
        other_payments: For methods that `payments` lacks; None: refuse them.
        off_period: Where sales go whose VAT rate was not in force on their day; each has a key.
        shipping: None: where goods of its rate go.
        is_template: Nobody has entered a consultant's number yet.
    """

    consultant: int
    client: int
    chart: str
    account_length: int
    year_begins: int
    initials: str
    account: str | None
    clearing: int
    revenue: Mapping[Decimal | None, Revenue]
    payments: Mapping[str, int]
    other_payments: int | None
    off_period: Mapping[Decimal, Revenue]
    shipping: Revenue | None

    @property
    def is_template(self) -> bool:
        return self.consultant == UNKNOWN_CONSULTANT

    def fiscal_year_of(self, day: date) -> date:
        """First day of the fiscal year in which `day` lies."""
        begin = date(day.year, self.year_begins, 1)
        if begin > day:
            begin = begin.replace(year=day.year - 1)
        return begin


def template(chart: str) -> str:
    """The accounts file for a chart, `SKR03` or `SKR04`.

    Raises:
        ExportRefused: There is no template for that chart.
    """
    try:
        number, clearing, receivables, full, reduced, none, cash, transit = CHARTS[chart.upper()]
    except KeyError:
        raise ExportRefused(
            f"There is no template for the chart {chart!r}. Choose one of {', '.join(CHARTS)} and change the numbers "
            "in the accounts file."
        ) from None
    return TEMPLATE.format(
        name=chart.upper(),
        consultant=UNKNOWN_CONSULTANT,
        chart=number,
        clearing=clearing,
        receivables=receivables,
        full=full,
        reduced=reduced,
        none=none,
        cash=cash,
        transit=transit,
    )


def read_accounts(path: Path) -> Accounts:
    """The accounts file.

    Raises:
        ExportRefused: It is missing, or a value in it cannot be used; the message names which.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ExportRefused(
            f"The accounts file {path} could not be read: {error.strerror}. Nothing was written. "
            "`inventorum init` writes a template."
        ) from None
    except UnicodeDecodeError:
        raise ExportRefused(f"The accounts file {path} is not UTF-8 text. Nothing was written.") from None
    return parse_accounts(text, str(path))


def parse_accounts(text: str, where: str) -> Accounts:
    """Accounts from TOML; `where` names it in messages.

    Raises:
        ExportRefused: A value cannot be used.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ExportRefused(f"{where} is not valid TOML ({error}). Nothing was written. Correct it there.") from None
    return _Reader(document, where).accounts()


class _Reader:
    def __init__(self, document: Mapping[str, Any], where: str) -> None:
        self._document = document
        self._where = where
        self._longest = 0

    def accounts(self) -> Accounts:
        known = {"client", "clearing", "revenue", "revenue_off_period", "payments", "shipping"}
        unknown = sorted(set(self._document) - known)
        if "refunds" in unknown:
            raise self._fault(
                "[refunds]", "no longer has a meaning: refunds and cancellations are always booked. Remove the section"
            )
        if unknown:
            raise self._fault(f"[{unknown[0]}]", f"is no section; there are {', '.join(sorted(known))}")
        payments = self._section("payments")
        shipping = self._section("shipping")
        self._longest = 10 ** (self._number("client", "account_length", 4, 8, default=4) + 1) - 1
        return Accounts(
            consultant=self._number("client", "consultant", 1001, 9_999_999),
            client=self._number("client", "client", 1, 99_999),
            chart=self._text("client", "chart", r"\d{2}|"),
            account_length=self._number("client", "account_length", 4, 8, default=4),
            year_begins=self._year_begins(),
            initials=self._text("client", "initials", r"[A-Z]{2}|"),
            account=self._text("client", "account", r".+|") or None,
            clearing=self._account("clearing.account", self._section("clearing").get("account")),
            revenue=self._revenue(),
            off_period=self._off_period(),
            payments={
                str(code): self._account(f"payments.{code}", value)
                for code, value in payments.items()
                if code != "other"
            },
            other_payments=self._account("payments.other", payments["other"]) if "other" in payments else None,
            shipping=self._target("shipping", shipping) if "account" in shipping else None,
        )

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self._document.get(name, {})
        if not isinstance(section, dict):
            raise self._fault(f"[{name}]", "must be a table")
        return section

    def _revenue(self) -> dict[Decimal | None, Revenue]:
        found: dict[Decimal | None, Revenue] = {}
        for rate, value in self._section("revenue").items():
            try:
                percent = None if rate == "unknown" else Decimal(rate)
            except InvalidOperation:
                raise self._fault(f"revenue.{rate}", 'must be a VAT rate in percent, like "19" or "5.5"') from None
            if percent in found:
                raise self._fault(f"revenue.{rate}", "names a rate for the second time")
            found[percent] = self._target(f"revenue.{rate}", value)
        if not found:
            raise self._fault("[revenue]", "names no account")
        return found

    def _off_period(self) -> dict[Decimal, Revenue]:
        found = {}
        for rate, value in self._section("revenue_off_period").items():
            target = self._target(f"revenue_off_period.{rate}", value)
            if not target.key:
                raise self._fault(
                    f"revenue_off_period.{rate}",
                    'needs the key of its rate: { account = …, key = "…" }; your tax adviser knows both',
                )
            try:
                found[Decimal(rate)] = target
            except InvalidOperation:
                raise self._fault(f"revenue_off_period.{rate}", 'must be a VAT rate in percent, like "16"') from None
        return found

    def _target(self, what: str, value: Any) -> Revenue:
        if not isinstance(value, dict):
            return Revenue(self._account(what, value))
        key = str(value.get("key", ""))
        if not re.fullmatch(r"\d{0,4}", key, flags=re.ASCII):
            raise self._fault(f"{what}.key", 'must be one to four digits, like "3"')
        return Revenue(self._account(f"{what}.account", value.get("account")), key)

    def _account(self, what: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= self._longest:
            raise self._fault(what, f"must be an account number from 1 to {self._longest}, like 8400")
        return value

    def _number(self, section: str, key: str, low: int, high: int, default: int | None = None) -> int:
        value = self._section(section).get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._fault(f"{section}.{key}", f"must be a whole number from {low} to {high}")
        return value

    def _text(self, section: str, key: str, pattern: str) -> str:
        value = self._section(section).get(key, "")
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self._fault(f"{section}.{key}", f"is {value!r}, which does not fit")
        return value

    def _year_begins(self) -> int:
        value = self._section("client").get("fiscal_year_begins", "01-01")
        try:
            begin: date | None = date.fromisoformat(f"2001-{value}")
        except ValueError:
            begin = None
        if begin is None or begin.day != 1:
            raise self._fault("client.fiscal_year_begins", 'must be the first day of a month, like "01-01"')
        return begin.month

    def _fault(self, what: str, problem: str) -> ExportRefused:
        return ExportRefused(f"{what} in {self._where} {problem}. Nothing was written. Correct it there.")
