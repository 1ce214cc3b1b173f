"""The DATEV booking batch, field by field against the published format, and to the cent against the marts."""

from __future__ import annotations

import csv
import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import run
from pipelines.sandbox.generator import make_shop
from pipelines.sandbox.server import Sandbox
from pipelines.settings import Files, Settings, StaticLogin
from transforms.readers.exports.datev import DatevReport, export_datev
from transforms.readers.exports.datev_accounts import CHARTS, Accounts, Revenue, parse_accounts, read_accounts, template
from transforms.readers.exports.datev_bookings import Goods, Labels, Lawful, balance, sales_lines
from transforms.readers.exports.datev_format import COLUMNS, TEXT_COLUMNS, Batch, Booking, booking, render
from transforms.readers.exports.errors import BooksDisagree, ExportRefused
from transforms.readers.exports.selection import Period

# developer.datev.de, "Header": the expression of each field; the last ones are reserved.
HEADER = [
    r'"EXTF"',
    r"700",
    r"21",
    r'"Buchungsstapel"',
    r"13",
    r"20\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])([0-5]\d){2}\d{3}",
    r"",
    r'"[A-Z]{2}"',
    r'"\w[\w\-]{0,24}"',
    r'""',
    r"(\d{4,6}|[1-9]\d{6})",
    r"\d{1,5}",
    r"20\d{2}(0[1-9]|1[0-2])01",
    r"[4-8]",
    r"20\d{2}(0[1-9]|1[0-2])01",
    r"20\d{2}(0[1-9]|1[0-2])(28|29|30|31)",
    r'"[\w.\-/ ]{0,30}"',
    r'"([A-Z]{2})?"',
    r"1",
    r"0",
    r"0",
    r'"[A-Z]{3}"',
    r"",
    r'""',
    r"",
    r"",
    r'"(\d{2})?"',
    r"",
    r"",
    r'""',
    r'""',
]
# developer.datev.de, "Buchungsstapel": the fields that are filled; every other one is empty.
FILLED = {
    "Umsatz (ohne Soll/Haben-Kz)": r"\d{1,10},\d{2}",
    "Soll/Haben-Kennzeichen": r'"[SH]"',
    "WKZ Umsatz": r'"[A-Z]{3}"',
    "Konto": r"\d{1,9}",
    "Gegenkonto (ohne BU-Schlüssel)": r"\d{1,9}",
    "BU-Schlüssel": r'"(\d{4})?"',
    "Belegdatum": r"(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])",
    "Belegfeld 1": r'"[\w$%\-/]{1,36}"',
    "Buchungstext": r'"[^"]{1,60}"',
    "Festschreibung": r"0",
}
# The sample file of developer.datev.de, "Einstieg": where its columns stand.
PLACES = {
    1: "Umsatz (ohne Soll/Haben-Kz)",
    7: "Konto",
    9: "BU-Schlüssel",
    10: "Belegdatum",
    11: "Belegfeld 1",
    14: "Buchungstext",
    20: "Beleglink",
    21: "Beleginfo - Art 1",
    37: "KOST1 - Kostenstelle",
    48: "Zusatzinformation - Art 1",
    88: "Stück",
    103: "Buchungs GUID",
    114: "Festschreibung",
    115: "Leistungsdatum",
    118: "Generalumkehr (GU)",
    125: "Abw. Skontokonto",
}
LABELS = Labels({"ipad": "Kasse"}, {})
LAWFUL = Lawful(
    {
        Decimal(19): ((date(2007, 1, 1), date(2020, 6, 30)), (date(2021, 1, 1), None)),
        Decimal(16): ((date(2020, 7, 1), date(2020, 12, 31)),),
    }
)
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
Datev = Callable[..., DatevReport]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with half a year of trade on all channels, some of it refunded."""
    shop = make_shop(seed=3, orders=260, days=75, end="2026-11-20T18:00:00Z", samples=False)
    home = Files(tmp_path_factory.mktemp("datev") / "home")
    with Sandbox(shop) as sandbox:
        settings = Settings(files=home, base_url=sandbox.base_url, login=StaticLogin(sandbox.access_token))
        run.sync(settings)
        shutil.copy(home.warehouse, home.warehouse.with_name("before.duckdb"))
        for order_id in sales_of_october(home.warehouse)[::10]:
            shop.refund(order_id)
        run.sync(settings)
    return home.warehouse


def sales_of_october(warehouse: Path) -> list[int]:
    with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
        rows = connection.execute(
            "select order_id from core.fct_orders where order_class = 'sale' and channel = 'ipad' "
            "and business_date between date '2026-10-01' and date '2026-10-31' order by order_id"
        ).fetchall()
    return [order_id for (order_id,) in rows]


@pytest.fixture
def accounts() -> Accounts:
    """The SKR03 template with numbers entered."""
    return replace(parse_accounts(template("SKR03"), "template"), consultant=29098, client=55003)


@pytest.fixture
def datev(warehouse: Path, accounts: Accounts, tmp_path: Path) -> Datev:
    """`export_datev` into a folder of this test."""

    def call(period: Period = OCTOBER, **changes: Any) -> DatevReport:
        return export_datev(warehouse, tmp_path / "out", replace(accounts, **changes), period=period)

    return call


@pytest.fixture
def ask(warehouse: Path) -> Callable[[str], list[tuple[Any, ...]]]:
    def call(sql: str) -> list[tuple[Any, ...]]:
        with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
            return connection.execute(sql).fetchall()

    return call


def lines_of(path: Path) -> list[str]:
    content = path.read_bytes()
    assert content.endswith(b"\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    return content.decode("cp1252").removesuffix("\r\n").split("\r\n")


def bookings_of(path: Path) -> list[dict[str, str]]:
    """The lines as a reader of the format sees them."""
    _, columns, *lines = lines_of(path)
    names = columns.split(";")
    return [dict(zip(names, row, strict=True)) for row in csv.reader(lines, delimiter=";")]


def money(line: dict[str, str]) -> Decimal:
    amount = Decimal(line["Umsatz (ohne Soll/Haben-Kz)"].replace(",", "."))
    return amount if line["Soll/Haben-Kennzeichen"] == "S" else -amount


def test_each_header_field_fits_the_published_format(datev: Datev) -> None:
    (written,) = datev().files
    header = lines_of(written.path)[0].split(";")

    assert len(header) == 31
    for number, (field, expression) in enumerate(zip(header, HEADER, strict=True), 1):
        assert re.fullmatch(expression, field, re.ASCII), f"field {number}: {field}"
    assert header[10:16] == ["29098", "55003", "20260101", "4", "20261001", "20261031"]
    assert "Vorbereitet fuer StB 2026-10" in header[16]
    assert header[26] == '"03"'


def test_the_columns_are_those_of_format_version_13(datev: Datev) -> None:
    (written,) = datev().files
    columns = lines_of(written.path)[1].split(";")

    assert len(columns) == len(set(columns)) == 125
    assert {place: columns[place - 1] for place in PLACES} == PLACES


def test_each_field_of_each_line_fits_the_published_format(datev: Datev) -> None:
    (written,) = datev().files
    _, columns, *lines = lines_of(written.path)

    assert len(lines) == written.rows > 20
    for line in lines:
        fields = line.split(";")  # no text of ours holds a semicolon
        assert len(fields) == 125
        for name, field in zip(columns.split(";"), fields, strict=True):
            expression = FILLED.get(name, '""' if name in TEXT_COLUMNS else "")
            assert re.fullmatch(expression, field), f"{name}: {field}"


def test_revenue_and_shipping_equal_vat_return_to_the_cent(datev: Datev, accounts: Accounts, ask: Any) -> None:
    (written,) = datev().files
    booked: dict[str, Decimal] = defaultdict(Decimal)
    for line in bookings_of(written.path):
        if line["Konto"] == str(accounts.clearing):
            booked[line["Gegenkonto (ohne BU-Schlüssel)"]] += money(line)

    expected: dict[str, Decimal] = defaultdict(Decimal)
    for rate, amount in ask("select tax_rate, gross_amount from marts.vat_return where month = date '2026-10-01'"):
        expected[str(accounts.revenue[rate].account)] += amount
    assert dict(booked) == {account: amount for account, amount in expected.items() if amount}
    assert sum(booked.values()) == written.revenue + written.shipping - written.refunds


def test_payments_equal_daily_closing_day_by_day(datev: Datev, accounts: Accounts, ask: Any) -> None:
    (written,) = datev().files
    booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in bookings_of(written.path):
        if line["Gegenkonto (ohne BU-Schlüssel)"] == str(accounts.clearing):
            booked[line["Belegdatum"], line["Konto"]] += money(line)

    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for day, method, amount in ask(
        "select booking_date, payment_method, payment_amount - refund_amount from marts.daily_closing "
        "where booking_date between date '2026-10-01' and date '2026-10-31'"
    ):
        expected[f"{day:%d%m}", str(accounts.payments.get(method, accounts.other_payments))] += amount
    assert dict(booked) == {key: amount for key, amount in expected.items() if amount}


def test_what_stays_on_the_clearing_account_is_explained(datev: Datev, ask: Any) -> None:
    report = datev()
    (written,) = report.files
    ((shipping,),) = ask("select sum(shipping_gross_amount) from marts.vat_return where month = date '2026-10-01'")

    assert written.shipping == shipping > 0
    assert written.clearing == written.revenue + written.shipping - written.payments
    assert any(str(abs(written.clearing)) in note for note in report.notes) or written.clearing == 0


def test_shipping_goes_where_goods_of_its_rate_go_unless_it_has_an_account(datev: Datev) -> None:
    def accounts_of_shipping(path: Path) -> set[str]:
        lines = [line for line in bookings_of(path) if "Versand" in line["Buchungstext"]]
        return {line["Gegenkonto (ohne BU-Schlüssel)"] for line in lines}

    (by_rate,) = datev().files
    assert accounts_of_shipping(by_rate.path) <= {"8400", "8300", "8200"}
    (own,) = datev(shipping=Revenue(8401)).files

    assert accounts_of_shipping(own.path) == {"8401"}
    assert (own.clearing, own.shipping) == (by_rate.clearing, by_rate.shipping)


def test_shipping_of_a_rate_does_not_go_to_the_account_of_another(datev: Datev) -> None:
    with pytest.raises(ExportRefused, match=r"account 8400 under \[shipping\] is that of 19 %"):
        datev(shipping=Revenue(8400), period=Period(date(2026, 9, 1), date(2026, 11, 30)))

    assert datev(shipping=Revenue(8200)).files  # as the template proposes it: it computes none
    own = datev(shipping=Revenue(8200, "40"))
    assert not any("by rounding" in note and "DATEV computes 0" in note for note in own.notes)


@pytest.mark.long
def test_shipping_that_bears_no_vat_needs_an_account_that_computes_none(
    warehouse: Path, accounts: Accounts, tmp_path: Path
) -> None:
    home = Files(tmp_path / "home")
    shutil.copytree(warehouse.parent, home.home)
    run.build(Settings(files=home, shipping_vat="none"))
    with closing(duckdb.connect(str(home.warehouse), read_only=True)) as connection:
        sums = "select sum(shipping_gross_amount), sum(shipping_vat_amount) from"
        ((cost, tax),) = connection.execute(f"{sums} marts.vat_return where month = date '2026-10-01'").fetchall()
        assert cost > 0
        assert tax == 0
        assert connection.execute(f"{sums} core.fct_orders").fetchall()[0][1] == 0

    with pytest.raises(ExportRefused, match="bears no VAT, as the setting `shipping_vat` says"):
        export_datev(home.warehouse, tmp_path / "out", accounts, period=OCTOBER)
    own = replace(accounts, shipping=Revenue(8401))
    (written,) = export_datev(home.warehouse, tmp_path / "out", own, period=OCTOBER).files
    assert written.shipping == cost


def test_a_closed_month_is_the_same_for_ever_and_refunds_stand_in_the_month_in_which_they_were_booked(
    warehouse: Path, datev: Datev, ask: Any
) -> None:
    before = warehouse.with_name("before.duckdb")
    accounts = replace(parse_accounts(template("SKR03"), "template"), consultant=29098, client=55003)
    (first,) = export_datev(before, warehouse.parent / "first", accounts, period=OCTOBER).files
    (again,) = datev().files
    assert lines_of(first.path)[1:] == lines_of(again.path)[1:]

    ((refunds,),) = ask("select sum(refund_amount) from marts.refunds where refund_date is not null")
    (november,) = datev(Period(date(2026, 11, 1), date(2026, 11, 30))).files
    lines = [line for line in bookings_of(november.path) if "Erstattung" in line["Buchungstext"]]
    assert november.refunds == refunds > 0
    assert -sum(money(line) for line in lines if line["Konto"] == "1371") == refunds
    assert sum(money(line) for line in lines if line["Konto"] != "1371") == -refunds


def test_a_month_that_is_not_closed_and_refunds_of_unknown_day_are_named(datev: Datev, ask: Any) -> None:
    ((unknown,),) = ask("select sum(refund_amount) from marts.refunds where refund_date is null")
    notes = datev(Period(date(2026, 11, 1), date(2026, 11, 30))).notes

    assert any(note.startswith("2026-11: not closed yet") for note in notes)
    assert any(f"Refunds of {unknown} EUR had been made before" in note for note in notes)


def test_each_month_has_its_file_and_the_default_is_the_last_complete_one(datev: Datev) -> None:
    assert [written.month for written in datev(Period()).files] == ["2026-10"]
    report = datev(Period(date(2026, 9, 1), date(2026, 11, 30)))

    assert [written.path.name for written in report.files] == [
        f"EXTF_Buchungsstapel_2026-{month}_vorbereitet.csv" for month in ("09", "10", "11")
    ]


def test_no_month_is_complete_while_a_channel_that_is_asked_for_was_never_read_whole(
    warehouse: Path, accounts: Accounts, tmp_path: Path
) -> None:
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes(warehouse.read_bytes())
    with closing(duckdb.connect(str(copy))) as connection:
        connection.execute(
            "update marts.freshness set closed_through_date = null, freshness = 'never read' where channel = 'ebay'"
        )

    with pytest.raises(ExportRefused, match="No month is over and completely loaded, since no day is closed"):
        export_datev(copy, tmp_path / "out", accounts, period=Period())
    report = export_datev(copy, tmp_path / "out", accounts, period=OCTOBER)
    assert any("2026-10" in note and "closed" in note for note in report.notes), report.notes


def test_parts_of_months_and_rates_without_account_are_refused(
    datev: Datev, accounts: Accounts, tmp_path: Path
) -> None:
    with pytest.raises(ExportRefused, match="whole months"):
        datev(Period(date(2026, 10, 5), date(2026, 10, 31)))
    with pytest.raises(ExportRefused, match="a VAT rate of 7 %"):
        datev(revenue={Decimal(19): Revenue(8400)})
    with pytest.raises(ExportRefused, match='like "7" = 8400'):
        datev(revenue={Decimal(19): Revenue(8400), None: Revenue(8200)})
    with pytest.raises(ExportRefused, match="payment method"):
        datev(payments={}, other_payments=None)

    assert not (tmp_path / "out").exists()


def test_bookings_that_do_not_tie_are_refused(warehouse: Path, accounts: Accounts, tmp_path: Path) -> None:
    copy = tmp_path / "warehouse.duckdb"
    copy.write_bytes(warehouse.read_bytes())
    with closing(duckdb.connect(str(copy))) as connection:
        connection.execute(
            "create or replace view marts.daily_closing as select * replace (payment_amount + 0.01 as payment_amount) "
            "from (select account, booking_date, channel, payment_method, sum(payment_amount) as payment_amount, "
            "0 as refund_amount from core.fct_payment_bookings group by all)"
        )

    with pytest.raises(BooksDisagree, match=r"marts\.daily_closing differ") as caught:
        export_datev(copy, tmp_path / "out", accounts, period=OCTOBER)

    assert caught.value.exit_code == 3
    assert not (tmp_path / "out").exists()


def test_another_fiscal_year_and_account_length_stand_in_the_header(datev: Datev) -> None:
    (written,) = datev(year_begins=11, account_length=5).files

    assert lines_of(written.path)[0].split(";")[12:14] == ["20251101", "5"]


def test_revenue_without_a_rate_goes_where_the_accounts_file_says(accounts: Accounts) -> None:
    goods = {Goods(date(2026, 10, 3), "ipad", "sale", None): Decimal("5.00")}

    with pytest.raises(ExportRefused, match="like unknown = 8400"):
        sales_lines(goods, accounts, LABELS, LAWFUL)
    ((_, line),) = sales_lines(goods, replace(accounts, revenue={None: Revenue(8200, "3")}), LABELS, LAWFUL)

    assert (line.contra, line.key, line.text) == (8200, "3", "Umsatz ohne Satz Kasse 03.10.2026")


@pytest.mark.parametrize(
    ("rate", "day"),
    [
        pytest.param("16.000", date(2026, 1, 10), id="16 % in 2026"),
        pytest.param("19.000", date(2020, 10, 1), id="19 % in autumn 2020"),
    ],
)
def test_a_rate_that_was_not_in_force_is_booked_with_its_key_or_refused_by_name(
    accounts: Accounts, rate: str, day: date
) -> None:
    goods = {Goods(day, "ipad", "sale", Decimal(rate)): Decimal("11.60")}

    with pytest.raises(ExportRefused, match=rf"of {day} .*bears {rate[:2]} % VAT, which was not in force"):
        sales_lines(goods, accounts, LABELS, LAWFUL)
    keyed = replace(accounts, off_period={Decimal(rate): Revenue(8200, "5")})
    ((_, line),) = sales_lines(goods, keyed, LABELS, LAWFUL)
    assert (line.contra, line.key) == (8200, "5")
    in_force = {key._replace(day=date(2020, 10, 1) if rate[:2] == "16" else date(2026, 1, 10)): 1 for key in goods}
    ((_, line),) = sales_lines({key: Decimal(1) for key in in_force}, accounts, LABELS, LAWFUL)
    assert (line.contra, line.key) == (8400, "")


def test_a_text_is_never_cut_inside_its_date(accounts: Accounts) -> None:
    goods = {Goods(date(2026, 10, 3), "long", "correction", Decimal(19)): Decimal("5.00")}
    ((_, line),) = sales_lines(goods, accounts, Labels({"long": "Ein sehr langer Name " * 5}, {}), LAWFUL)

    assert len(line.text) <= 60
    assert line.text.startswith("Korrektur 19 % Ein sehr")
    assert line.text.endswith(" 03.10.2026")


LINE = Booking(Decimal("12.30"), "S", 1000, 1371, date(2026, 10, 3), "20261003-ipad", "Zahlung Bar")
BATCH = Batch(
    29098,
    55003,
    date(2026, 1, 1),
    4,
    date(2026, 10, 1),
    date(2026, 10, 31),
    "x",
    "",
    "EUR",
    "03",
    datetime(2026, 11, 1, 8, 0, 0, 123_456),
)


def fields_of(line: Booking) -> dict[str, str]:
    text = render(BATCH, [line]).decode("cp1252").split("\r\n")[2]
    return dict(zip(COLUMNS, next(csv.reader([text], delimiter=";")), strict=True))


def test_a_line_is_written_as_datev_reads_it() -> None:
    fields = fields_of(replace(LINE, key="3", text='Grüße "Groß"\n; 5 €', receipt="2026 10/03 ä"))

    assert fields["Umsatz (ohne Soll/Haben-Kz)"] == "12,30"
    assert fields["BU-Schlüssel"] == "0003"
    assert fields["Belegdatum"] == "0310"
    assert fields["Belegfeld 1"] == "2026-10/03--"
    assert fields["Buchungstext"] == 'Grüße "Groß" ; 5 €'
    assert {name for name, field in fields.items() if field} == set(FILLED)


def test_letters_that_cp1252_lacks_do_not_stop_the_export() -> None:
    assert fields_of(replace(LINE, text="Łódź"))["Buchungstext"] == "?ód?"


def test_a_negative_amount_turns_the_line_round() -> None:
    line = booking(Decimal("-5.00"), debit=1000, credit=1371, day=date(2026, 10, 3), receipt="x", text="x")

    assert (line.amount, line.side) == (Decimal("5.00"), "H")
    assert balance([line], 1000) == -5
    assert balance([line], 1371) == 5


@pytest.mark.parametrize("amount", ["10000000000.00", "0.001"])
def test_an_amount_that_the_format_cannot_hold_is_refused(amount: str) -> None:
    with pytest.raises(ExportRefused, match="does not fit"):
        render(BATCH, [replace(LINE, amount=Decimal(amount))])


@pytest.mark.parametrize("chart", CHARTS)
def test_the_templates_are_whole_and_ask_for_the_numbers(chart: str) -> None:
    accounts = parse_accounts(template(chart), chart)

    assert accounts.is_template
    assert accounts.chart == chart[-2:]
    assert set(accounts.revenue) == {Decimal(rate) for rate in (19, 16, 7, 5, 0)}
    assert set(accounts.payments) == {"0", "4", "6"}
    assert accounts.shipping is None
    assert accounts.off_period == {}
    assert None in parse_accounts(template(chart).replace("# unknown", "unknown"), chart).revenue
    assert accounts.fiscal_year_of(date(2026, 10, 3)) == date(2026, 1, 1)


FAULTY = {
    "a text for a number": ("consultant = 1001", 'consultant = "1001"', "client.consultant"),
    "a small consultant": ("consultant = 1001", "consultant = 12", "from 1001 to 9999999"),
    "an account too long": ('"19" = 8400', '"19" = 840000', "account number"),
    "no rate": ('"19" = 8400', '"full" = 8400', "revenue.full"),
    "a rate twice": ('"16" = 8400', '"19.0" = 8400', "second time"),
    "a long key": ('"19" = 8400', '"19" = {account = 8200, key = "12345"}', "revenue.19.key"),
    "a section that is none": ("[shipping]", "[freight]", "is no section"),
    "refunds by choice": ("[shipping]", "[refunds]", "always booked"),
    "a year that begins in mid-month": ('"01-01"', '"07-15"', "first day of a month"),
    "a rate off its period without a key": ('# "16" = {', '"16" = 8200 # {', "needs the key of its rate"),
    "broken TOML": ("[clearing]", "[clearing", "not valid TOML"),
}


@pytest.mark.parametrize(("good", "bad", "said"), FAULTY.values(), ids=FAULTY.keys())
def test_a_fault_in_the_accounts_file_is_named(good: str, bad: str, said: str, tmp_path: Path) -> None:
    text = template("SKR03")
    assert good in text
    (tmp_path / "datev.toml").write_text(text.replace(good, bad, 1))

    with pytest.raises(ExportRefused, match=re.escape(said)) as caught:
        read_accounts(tmp_path / "datev.toml")

    assert "Nothing was written" in str(caught.value)


def test_a_missing_accounts_file_and_chart_are_named(tmp_path: Path) -> None:
    with pytest.raises(ExportRefused, match="inventorum init"):
        read_accounts(tmp_path / "datev.toml")
    with pytest.raises(ExportRefused, match="SKR03, SKR04"):
        template("SKR49")
