"""The DATEV format: a booking batch (EXTF, header 700, format version 13) as bytes.

Source: developer.datev.de, "DATEV-Format": Einstieg, Header, Buchungsstapel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from transforms.readers.exports.errors import ExportRefused

HEADER_VERSION, CATEGORY, FORMAT_VERSION = 700, 21, 13
FORMAT_NAME = "Buchungsstapel"
ENCODING, LINE_END = "cp1252", "\r\n"
MADE_BY = "inventorum-warehouse"
ORIGIN = "IW"
MOST_AMOUNT = Decimal("9999999999.99")
DESIGNATION = 30
BOOKING_TEXT = 60
RECEIPT = 36

_INFO = [f"Beleginfo - {part} {number}" for number in range(1, 9) for part in ("Art", "Inhalt")]
_MORE = [
    name
    for number in range(1, 21)
    for name in (f"Zusatzinformation - Art {number}", f"Zusatzinformation- Inhalt {number}")
]
COLUMNS: tuple[str, ...] = (
    "Umsatz (ohne Soll/Haben-Kz)",
    "Soll/Haben-Kennzeichen",
    "WKZ Umsatz",
    "Kurs",
    "Basis-Umsatz",
    "WKZ Basis-Umsatz",
    "Konto",
    "Gegenkonto (ohne BU-Schlüssel)",
    "BU-Schlüssel",
    "Belegdatum",
    "Belegfeld 1",
    "Belegfeld 2",
    "Skonto",
    "Buchungstext",
    "Postensperre",
    "Diverse Adressnummer",
    "Geschäftspartnerbank",
    "Sachverhalt",
    "Zinssperre",
    "Beleglink",
    *_INFO,
    "KOST1 - Kostenstelle",
    "KOST2 - Kostenstelle",
    "Kost-Menge",
    "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)",
    "Abw. Versteuerungsart",
    "Sachverhalt L+L",
    "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp",
    "BU 49 Hauptfunktionsnummer",
    "BU 49 Funktionsergänzung",
    *_MORE,
    "Stück",
    "Gewicht",
    "Zahlweise",
    "Forderungsart",
    "Veranlagungsjahr",
    "Zugeordnete Fälligkeit",
    "Skontotyp",
    "Auftragsnummer",
    "Buchungstyp",
    "USt-Schlüssel (Anzahlungen)",
    "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)",
    "Erlöskonto (Anzahlungen)",
    "Herkunft-Kz",
    "Buchungs GUID",
    "KOST-Datum",
    "SEPA-Mandatsreferenz",
    "Skontosperre",
    "Gesellschaftername",
    "Beteiligtennummer",
    "Identifikationsnummer",
    "Zeichnernummer",
    "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt",
    "Kennzeichen SoBil-Buchung",
    "Festschreibung",
    "Leistungsdatum",
    "Datum Zuord. Steuerperiode",
    "Fälligkeit",
    "Generalumkehr (GU)",
    "Steuersatz",
    "Land",
    "Abrechnungsreferenz",
    "BVV-Position",
    "EU-Land u. UStID (Ursprung)",
    "EU-Steuersatz (Ursprung)",
    "Abw. Skontokonto",
)

# Text fields stand in quotation marks even when they are empty; all others never do.
TEXT_COLUMNS = frozenset(
    {
        "Soll/Haben-Kennzeichen",
        "WKZ Umsatz",
        "WKZ Basis-Umsatz",
        "BU-Schlüssel",
        "Belegfeld 1",
        "Belegfeld 2",
        "Buchungstext",
        "Diverse Adressnummer",
        "Beleglink",
        *_INFO,
        "KOST1 - Kostenstelle",
        "KOST2 - Kostenstelle",
        "EU-Land u. UStID (Bestimmung)",
        "Abw. Versteuerungsart",
        *_MORE,
        "Forderungsart",
        "Auftragsnummer",
        "Buchungstyp",
        "EU-Land (Anzahlungen)",
        "Herkunft-Kz",
        "Buchungs GUID",
        "SEPA-Mandatsreferenz",
        "Gesellschaftername",
        "Identifikationsnummer",
        "Zeichnernummer",
        "Bezeichnung SoBil-Sachverhalt",
        "Generalumkehr (GU)",
        "Land",
        "Abrechnungsreferenz",
        "EU-Land u. UStID (Ursprung)",
    }
)


@dataclass(frozen=True)
class Booking:
    """One line: `amount` (never negative) on the debit (S) or credit (H) side of `account`.

    Attributes:
        key: BU-Schlüssel, one to four digits; empty for accounts that know their rate.
        receipt: Belegfeld 1.
    """

    amount: Decimal
    side: Literal["S", "H"]
    account: int
    contra: int
    day: date
    receipt: str
    text: str
    key: str = ""


@dataclass(frozen=True)
class Batch:
    """What the header says of all lines."""

    consultant: int
    client: int
    year_begins: date
    account_length: int
    start: date
    end: date
    designation: str
    initials: str
    currency: str
    chart: str
    created_at: datetime


def booking(amount: Decimal, *, debit: int, credit: int, day: date, receipt: str, text: str, key: str = "") -> Booking:
    """A line that moves `amount` from `credit` to `debit`; a negative amount turns it round."""
    side: Literal["S", "H"] = "S" if amount >= 0 else "H"
    return Booking(abs(amount), side, debit, credit, day, receipt, text, key)


def render(batch: Batch, bookings: Iterable[Booking]) -> bytes:
    """The file: header, names of the columns, one line for each booking; cp1252, CR LF.

    Raises:
        ExportRefused: An amount has more digits than the format has room for, or fractions of a cent.
    """
    lines = [_header(batch), ";".join(COLUMNS), *(_line(each, batch.currency) for each in bookings)]
    return (LINE_END.join(lines) + LINE_END).encode(ENCODING, errors="replace")


def _header(batch: Batch) -> str:
    created = f"{batch.created_at:%Y%m%d%H%M%S}{batch.created_at.microsecond // 1000:03d}"
    fields = [
        _quoted("EXTF"),
        str(HEADER_VERSION),
        str(CATEGORY),
        _quoted(FORMAT_NAME),
        str(FORMAT_VERSION),
        created,
        "",  # 7 imported at: DATEV's
        _quoted(ORIGIN),
        _quoted(MADE_BY),
        _quoted(""),  # 10 imported by: DATEV's
        str(batch.consultant),
        str(batch.client),
        f"{batch.year_begins:%Y%m%d}",
        str(batch.account_length),
        f"{batch.start:%Y%m%d}",
        f"{batch.end:%Y%m%d}",
        _quoted(re.sub(r"[^\w.\-/ ]", " ", batch.designation, flags=re.ASCII)[:DESIGNATION]),
        _quoted(batch.initials),
        "1",  # 19 type: financial accounting
        "0",  # 20 purpose: independent of it
        "0",  # 21 not committed: the tax adviser may still change the lines
        _quoted(batch.currency),
        "",
        _quoted(""),
        "",
        "",
        _quoted(batch.chart),
        "",
        "",
        _quoted(""),
        _quoted(""),
    ]
    return ";".join(fields)


def _line(each: Booking, currency: str) -> str:
    filled = {
        "Umsatz (ohne Soll/Haben-Kz)": _amount(each.amount),
        "Soll/Haben-Kennzeichen": each.side,
        "WKZ Umsatz": currency,
        "Konto": str(each.account),
        "Gegenkonto (ohne BU-Schlüssel)": str(each.contra),
        "BU-Schlüssel": each.key.zfill(4) if each.key else "",
        "Belegdatum": f"{each.day:%d%m}",
        "Belegfeld 1": re.sub(r"[^\w$%\-/]", "-", each.receipt, flags=re.ASCII)[:RECEIPT],
        "Buchungstext": _printable(each.text)[:BOOKING_TEXT],
        "Festschreibung": "0",  # left empty, DATEV would commit the batch
    }
    return ";".join(_quoted(filled.get(name, "")) if name in TEXT_COLUMNS else filled.get(name, "") for name in COLUMNS)


def _amount(amount: Decimal) -> str:
    cents = amount.quantize(Decimal("0.01"))
    if cents != amount or not 0 <= cents <= MOST_AMOUNT:
        raise ExportRefused(
            f"The amount {amount} does not fit a DATEV booking (0.00 to {MOST_AMOUNT}). Nothing was written. "
            "Look at the orders of that day with `inventorum status`."
        )
    return format(cents, "f").replace(".", ",")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
