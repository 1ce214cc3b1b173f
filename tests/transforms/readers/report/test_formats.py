"""Values as German and English readers write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from transforms.readers.report.formats import Formats, clean
from transforms.readers.report.labels import read_labels, read_texts
from transforms.readers.report.periods import Period, monday_of

GERMAN = Formats("de", "EUR", read_labels("de").names)
ENGLISH = Formats("en", "EUR", read_labels("en").names)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("amount", "german", "english"),
    [
        pytest.param("1234567.05", "1.234.567,05 €", "€1,234,567.05", id="thousands"),
        pytest.param("-86.03", "−86,03 €", "−€86.03", id="negative"),
        pytest.param("0", "0,00 €", "€0.00", id="zero"),
        pytest.param("-0.004", "0,00 €", "€0.00", id="no negative zero"),
        pytest.param("0.005", "0,01 €", "€0.01", id="half up"),
        pytest.param("9999999999999999.99", "9.999.999.999.999.999,99 €", "€9,999,999,999,999,999.99", id="largest"),
    ],
)
def test_money_is_exact_and_as_each_language_writes_it(amount, german, english):
    assert plain(GERMAN.money(Decimal(amount))) == german
    assert plain(ENGLISH.money(Decimal(amount))) == english


def test_currencies_without_a_symbol_are_named():
    assert plain(Formats("de", "CHF", GERMAN.names).money(Decimal("5"))) == "5,00 CHF"
    assert plain(Formats("en", "CHF", ENGLISH.names).money(Decimal("-5"))) == "−CHF 5.00"


@pytest.mark.parametrize(
    ("quantity", "german"),
    [("3.000", "3"), ("0.250", "0,25"), ("1200.500", "1.200,5"), ("0", "0"), ("100", "100")],
)
def test_quantities_have_no_idle_zeros(quantity, german):
    assert GERMAN.quantity(Decimal(quantity)) == german


def test_changes_carry_their_sign_unless_they_are_none():
    assert plain(GERMAN.percent(Decimal("0.171"), signed=True)) == "+17,1 %"
    assert plain(GERMAN.percent(Decimal("-0.04"), signed=True)) == "−4,0 %"
    assert ENGLISH.percent(Decimal("0.00001"), signed=True) == "0.0%"
    assert ENGLISH.percent(Decimal("12"), signed=True) == "+1,200.0%"


def test_days_and_times():
    day = date(2026, 3, 1)
    assert GERMAN.day(day) == "01.03.2026"
    assert plain(ENGLISH.day(day)) == "1 Mar 2026"
    assert plain(GERMAN.long_day(day)) == "1. März 2026"
    assert plain(GERMAN.weekday_and_day(day)) == "So 01.03.2026"
    assert plain(GERMAN.span(day, date(2026, 4, 2))) == "1.3. – 02.04.2026"
    assert plain(ENGLISH.span(date(2025, 12, 31), day)) == "31 Dec 2025 – 1 Mar 2026"
    assert plain(GERMAN.week(monday_of(date(2027, 1, 3)))) == "KW 53/2026"
    assert plain(GERMAN.moment(datetime(2026, 3, 1, 7, 5))) == "01.03.2026, 07:05 Uhr"
    assert plain(ENGLISH.moment(datetime(2026, 3, 1, 17, 5))) == "1 Mar 2026, 17:05"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        pytest.param("a\x00b\x1fc", "abc", id="control characters"),
        pytest.param("a\n\tb", "a b", id="line breaks"),
        pytest.param("a\ud800b", "ab", id="half a surrogate pair"),
        pytest.param("a\u202eb\u2066c", "abc", id="marks that turn the direction"),
        pytest.param("a\ufffeb", "ab", id="noncharacters"),
        pytest.param("👩‍👩‍👧 ü שלום", "👩‍👩‍👧 ü שלום", id="what people write"),
    ],
)
def test_free_text_is_made_fit_for_a_page(sent, shown):
    assert clean(sent) == shown


def test_the_same_period_a_year_before_survives_leap_days():
    assert Period(date(2028, 2, 29), date(2028, 3, 1)).a_year_before() == Period(date(2027, 2, 28), date(2027, 3, 1))


def test_the_period_before_ends_the_day_before_and_is_as_long():
    before = Period(date(2026, 3, 1), date(2026, 3, 31)).before()

    assert before == Period(date(2026, 1, 29), date(2026, 2, 28))
    assert before.days == 31


def test_both_languages_say_the_same_things():
    def keys(texts, path=()):
        if not isinstance(texts, dict):
            return {path}
        return set().union(*(keys(value, (*path, key)) for key, value in texts.items()))

    assert keys(read_texts("de")) == keys(read_texts("en"))


def test_every_warning_has_its_sentence():
    from transforms.runner.models import sql_folder

    checks = (sql_folder() / "checks").glob("*.sql")
    warnings = {path.stem for path in checks if "-- severity: warn" in path.read_text("utf-8")}

    assert warnings <= set(read_texts("de")["claims"])
