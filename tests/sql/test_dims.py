"""Dimensions: the calendar, code tables that grow by themselves, and the newest word on products and people."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import holidays
import pytest

from tests.support.landing_file import FIRST_WATERMARK, Load
from tests.support.warehouse import Warehouse, item, order
from transforms import holidays_seed
from transforms.runner.session import Rules


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Nothing loaded yet."""
    return Warehouse(tmp_path)


@pytest.fixture(scope="module")
def calendar(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Sales in 2023 and 2026."""
    warehouse = Warehouse(tmp_path_factory.mktemp("calendar"))
    warehouse.load([order(1, "2023-05-02T10:00:00+00:00"), order(2, "2026-11-01T05:00:00+00:00")])
    return warehouse


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """One day with one order of each kind."""
    warehouse = Warehouse(tmp_path_factory.mktemp("shop"))
    at = "2026-10-01T10:00:00+00:00"
    warehouse.load(
        [
            order(1, at, [item("1.10", rate="10.700")], channel="kiosk", payments=[("42", "1.10")]),
            order(2, at, [item("1.00", product=502)], state=2),
            order(3, at, [item("1.00", product=None)], user_id=None),
            order(4, at, [item("1.00")], customer=301, shipping="4.90"),
            order(5, at, [item("1.00")], shipping="4.90"),
        ]
    )
    return warehouse


@pytest.mark.long
def test_the_calendar_has_every_day_of_every_year_from_the_first_to_the_last(calendar: Warehouse) -> None:
    days = [day for (day,) in calendar.rows("select business_date from core.dim_date order by business_date")]

    assert days == [date(2023, 1, 1) + timedelta(days=number) for number in range(3 * 365 + 366)]


def test_weeks_are_those_of_iso_8601(calendar: Warehouse) -> None:
    found = calendar.rows(
        "select business_date, iso_year, iso_week, weekday, day_of_year, quarter_number, week_start_date, is_weekend "
        "from core.dim_date"
    )

    for day, iso_year, iso_week, weekday, day_of_year, quarter, monday, is_weekend in found:
        assert (iso_year, iso_week, weekday) == tuple(day.isocalendar())
        assert day_of_year == day.timetuple().tm_yday
        assert quarter == (day.month + 2) // 3
        assert monday == day - timedelta(days=day.weekday())
        assert is_weekend == (day.weekday() >= 5)


def test_months_and_weekdays_have_german_and_english_names(calendar: Warehouse) -> None:
    (names,) = calendar.rows(
        "select weekday_name_de, weekday_name_en, month_name_de, month_name_en, month from core.dim_date "
        "where business_date = '2026-03-14'"
    )

    assert names == ("Samstag", "Saturday", "März", "March", date(2026, 3, 1))


@pytest.mark.long
def test_a_typing_error_in_a_year_does_not_bring_the_years_between(warehouse: Warehouse) -> None:
    warehouse.load([order(1, "2026-05-02T10:00:00+00:00"), order(2, "2077-05-02T10:00:00+00:00")])

    assert warehouse.rows("select year_number, count(*) from core.dim_date group by all order by all") == [
        (2026, 365),
        (2077, 365),
    ]
    assert warehouse.value("select count(*) from marts.sales_by_day where business_date > '2026-12-31'") <= 365


def test_the_seed_of_holidays_is_what_the_library_answers() -> None:
    assert holidays_seed.SEED.read_text("utf-8") == holidays_seed.seed_text()


@pytest.mark.parametrize("state", holidays_seed.STATES)
def test_holidays_of_each_federal_state_are_those_of_the_library(calendar: Warehouse, state: str) -> None:
    found = calendar.rows(f"select business_date from core.dim_date where holiday_states like '%{state}%' order by 1")

    expected = holidays.country_holidays("DE", subdiv=state, years=range(2023, 2027))
    assert [day for (day,) in found] == sorted(expected)


def test_a_holiday_of_some_states_is_no_nationwide_one(calendar: Warehouse) -> None:
    found = calendar.rows(
        "select business_date, is_public_holiday, holiday_name_de, holiday_name_en, holiday_states "
        "from core.dim_date where business_date in ('2026-10-03', '2026-11-18', '2026-11-19') order by 1"
    )

    assert found == [
        (
            date(2026, 10, 3),
            True,
            "Tag der Deutschen Einheit",
            "German Unity Day",
            "BB BE BW BY HB HE HH MV NI NW RP SH SL SN ST TH",
        ),
        (date(2026, 11, 18), False, None, None, "SN"),
        (date(2026, 11, 19), False, None, None, None),
    ]
    assert calendar.rows("select holiday_states, name_de from core.dim_holiday where holiday_date = '2026-11-18'") == [
        ("SN", "Buß- und Bettag")
    ]


@pytest.mark.long
def test_without_orders_the_code_tables_stand_and_the_calendar_is_empty(warehouse: Warehouse) -> None:
    warehouse.load(Load([], windows=[{"channel": "ipad"}]))

    assert warehouse.value("select count(*) from core.dim_date") == 0
    assert warehouse.value("select count(*) from core.dim_order_state") == 10
    assert warehouse.value("select count(*) from core.dim_channel where is_listed") == 8
    assert warehouse.value("select count(*) from marts.sales_by_day") == 0


def test_the_ten_states_have_their_values(calendar: Warehouse) -> None:
    found = calendar.rows("select bit_number, state_bit, state_name from core.dim_order_state order by 1")

    assert [(number, bit) for number, bit, _ in found] == [(number, 1 << number) for number in range(10)]
    assert found[8] == (8, 256, "PAID")


def test_codes_that_nobody_lists_appear_by_themselves(shop: Warehouse) -> None:
    assert shop.rows("select channel, label_de from core.dim_channel where not is_listed") == [("kiosk", "kiosk")]
    assert shop.rows("select payment_method, label_en from core.dim_payment_method where not is_listed") == [
        ("42", "Payment method 42")
    ]
    assert shop.rows("select tax_rate, label_de from core.dim_tax_rate where not is_listed order by 1") == [
        (Decimal("-1.000"), "unbekannter Satz"),
        (Decimal("10.700"), "anderer Satz (10.700 %)"),
    ]


@pytest.mark.long
def test_payment_methods_are_called_as_the_settings_say(tmp_path: Path) -> None:
    named = Warehouse(tmp_path, Rules(payment_methods='{"1": "EC-Karte", "\\"; --": "Taler", "8": "never seen"}'))
    at = "2026-10-01T10:00:00+00:00"
    named.load(
        [
            order(1, at, [item("1.00")], payments=[("1", "1.00")]),
            order(2, at, [item("1.00")], payments=[('"; --', "1.00")]),
            order(3, at, [item("1.00")], payments=[("$.[", "1.00")]),
        ]
    )

    assert set(
        named.rows(
            "select payment_method, label_de, label_en, certainty, is_listed from core.dim_payment_method "
            "where payment_method in ('0', '1', '2', '8', '$.[') or payment_method like '%--'"
        )
    ) == {
        ("0", "Bar", "Cash", "likely", True),
        ("1", "EC-Karte", "EC-Karte", "confirmed", True),
        ("2", "Zahlungsart 2", "Payment method 2", "unknown", True),
        ('"; --', "Taler", "Taler", "confirmed", False),
        ("$.[", "Zahlungsart $.[", "Payment method $.[", "unknown", False),
    }
    assert named.rows("select payment_label from core.sales where order_id = 1") == [("EC-Karte",)]


def test_vat_rates_know_when_they_applied(calendar: Warehouse) -> None:
    def rates_on(day: str) -> list[Any]:
        return calendar.rows(
            f"select tax_rate from core.tax_rate_periods where date '{day}' between valid_from_date "
            f"and coalesce(valid_to_date, date '{day}') order by 1"
        )

    assert rates_on("2020-06-30") == [(Decimal(0),), (Decimal(7),), (Decimal(19),)]
    assert rates_on("2020-07-01") == [(Decimal(0),), (Decimal(5),), (Decimal(16),)]
    assert rates_on("2020-12-31") == [(Decimal(0),), (Decimal(5),), (Decimal(16),)]
    assert rates_on("2021-01-01") == [(Decimal(0),), (Decimal(7),), (Decimal(19),)]


@pytest.mark.long
def test_a_product_is_called_as_in_its_newest_sale_whatever_was_read_last(warehouse: Warehouse) -> None:
    today = order(2, "2026-10-01T10:00:00+00:00", [item("2.00", name="Wobbler 60 mm", product_code="W60")])
    years_ago = order(1, "2019-10-01T10:00:00+00:00", [item("1.00", name="Wobler", product_code=None)])
    warehouse.load([today])
    warehouse.load(Load([years_ago], source="orders"))

    assert warehouse.rows(
        "select product_name, product_code, unit_gross_amount, first_sold_date, last_sold_date "
        "from core.dim_product where product_id = 501"
    ) == [("Wobbler 60 mm", "W60", Decimal("2.00"), date(2019, 10, 1), date(2026, 10, 1))]


@pytest.mark.long
def test_the_price_of_a_product_is_the_one_before_discounts(warehouse: Warehouse) -> None:
    tenth = {"type": "percent", "amount": "0.1", "reason": 0}
    warehouse.load(
        [
            order(1, "2026-10-01T10:00:00Z", [item("18.00", quantity=2, unit_gross_price="9.00", discount=tenth)]),
            order(2, "2026-10-01T10:00:00Z", [item("9.00", product=502), item("9.00", product=503)], discount=tenth),
            order(3, "2026-10-01T10:00:00Z", [item("7.00", product=504)]),
        ]
    )

    assert warehouse.rows(
        "select product_id, unit_gross_amount from core.dim_product where product_id > 0 order by 1"
    ) == [(501, Decimal("10.00")), (502, Decimal("10.00")), (503, Decimal("10.00")), (504, Decimal("7.00"))]


def test_a_product_that_was_never_sold_has_no_days_of_sale(shop: Warehouse) -> None:
    assert shop.rows("select first_sold_date, last_sold_date from core.dim_product where product_id = 502") == [
        (None, None)
    ]


def test_lines_without_a_product_have_a_member_to_point_to(shop: Warehouse) -> None:
    assert shop.rows(
        "select products.product_name, products.first_sold_date from core.fct_order_items as items "
        "join core.dim_product as products on coalesce(items.product_id, -1) = products.product_id "
        "where items.order_id = 3"
    ) == [("Ohne Artikel", date(2026, 10, 1))]


def customer(name: str, *, email: str | None = None, city: str = "Berlin") -> dict[str, Any]:
    """Customer 301 with billing address 41 and shipping address 42."""
    address = {"country": "DE", "address1": "Weg 1", "address2": "", "zipcode": "10405", "city": city, "company": ""}
    return {
        "id": 301,
        "channel": 4,
        "email": email,
        "title": "Ms.",
        "first_name": "Kim",
        "middle_name": None,
        "last_name": name,
        "billing_address": {"id": 41, **address},
        "shipping_address": [{"id": 42, **address}],
    }


@pytest.mark.long
def test_a_customer_is_as_last_read_even_in_an_old_order(warehouse: Warehouse) -> None:
    new = order(2, "2026-10-01T10:00:00+00:00") | {"customer": customer("Alt", email="alt@example.com")}
    old = order(1, "2019-10-01T10:00:00+00:00") | {"customer": customer("Neu", city="Kempten")}
    warehouse.load([new])
    warehouse.load([old])

    assert warehouse.rows("select customer_id, customer_name, email, city, seen_order_id from core.dim_customer") == [
        (301, "Kim Neu", None, "Kempten", 1)
    ]
    assert warehouse.rows("select address_id, address_kind, city, address2 from core.dim_address order by 1") == [
        (41, "billing", "Kempten", None),
        (42, "shipping", "Kempten", None),
    ]


def _without(address: Any, value: str | None) -> Any:
    return None if value == "gone" else {**address, **dict.fromkeys(("address1", "zipcode", "city"), value)}


@pytest.mark.long
@pytest.mark.parametrize("full", [False, True], ids=["built in", "built anew"])
@pytest.mark.parametrize("value", ["gone", None, ""], ids=["addresses left out", "null", "empty"])
def test_of_a_customer_whom_the_source_has_anonymised_no_name_and_no_street_stay(
    warehouse: Warehouse, value: str | None, full: bool
) -> None:
    named = order(1, "2026-10-01T10:00:00+00:00") | {"customer": customer("Alt", email="alt@example.com")}
    person = named["customer"]
    names = ("email", "title", "first_name", "middle_name", "last_name")
    anonymised = named | {
        "customer": {
            **person,
            **dict.fromkeys(names, None if value == "gone" else value),
            "billing_address": _without(person["billing_address"], value),
            "shipping_address": [] if value == "gone" else [_without(person["shipping_address"][0], value)],
        }
    }
    warehouse.load([named])
    warehouse.load([anonymised], full=full)
    warehouse.load([anonymised | {"state": 872}])  # refunded: a later version names the address no more, either

    assert warehouse.rows("select customer_id, customer_name, email, city from core.dim_customer") == [
        (301, None, None, None)
    ]
    addresses = "select address_id, customer_id, address1, zipcode, city from core.dim_address order by 1"
    assert warehouse.rows(addresses) == [
        (41, 301, None, None, None),
        (42, 301, None, None, None),
    ]
    found = warehouse.tables()
    warehouse.load(full=True)
    assert warehouse.tables() == found


def test_an_address_of_a_customer_with_a_name_stays_when_an_order_drops_it(warehouse: Warehouse) -> None:
    named = order(1, "2026-10-01T10:00:00+00:00") | {"customer": customer("Alt")}
    warehouse.load([named])
    warehouse.load([named | {"customer": {**named["customer"], "billing_address": None, "shipping_address": []}}])

    cities = warehouse.rows("select address_id, city from core.dim_address order by 1")
    assert cities == [(41, "Berlin"), (42, "Berlin")]


def test_walk_in_sales_are_no_customer(shop: Warehouse) -> None:
    assert shop.rows("select customer_id from core.dim_customer") == [(301,)]


def test_users_and_services_are_listed_once_beside_the_unknown_one(shop: Warehouse) -> None:
    assert shop.rows("select user_id, label_en from core.dim_user order by 1") == [(-1, "Unknown"), (1959, "User 1959")]
    assert shop.rows("select service_id, service_name, time_max_seconds from core.dim_shipping_service order by 1") == [
        (-1, "Unbekannt", None),
        (7, "DHL Paket", 172800),
    ]


@pytest.mark.long
def test_years_of_payments_and_observations_are_in_the_calendar_too(warehouse: Warehouse) -> None:
    late = order(1, "2024-12-31T10:00:00+00:00", [item("1.00")])
    late["payments"][0]["date"] = "2025-01-02T10:00:00+00:00"
    warehouse.load(Load([late], watermark=FIRST_WATERMARK))

    assert warehouse.rows("select distinct year_number from core.dim_date order by 1") == [(2024,), (2025,), (2026,)]
