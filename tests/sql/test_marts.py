"""Report tables on shops that a reader can check by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.landing_file import Load, Order
from tests.support.warehouse import Account, Warehouse, item, order
from transforms.runner.build import Rules

D = Decimal
Opening = Callable[[], list[Order]]
ALONE: list[Opening] = []
REFUNDED = 360 | 16


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Nothing loaded yet."""
    return Warehouse(tmp_path)


def alone(orders: Opening) -> Opening:
    """Give these orders an account of their own in the one warehouse that many questions share."""
    ALONE.append(orders)
    return orders


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Opening], Account]:
    """The account of such orders."""
    warehouse = Warehouse(tmp_path_factory.mktemp("accounts"))
    warehouse.load(*(Load(orders(), account=orders.__name__) for orders in ALONE))
    return lambda orders: Account(warehouse, orders.__name__)


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Five days in October 2026; order 4 is refunded between the two loads."""
    warehouse = Warehouse(tmp_path_factory.mktemp("week"))
    refunded = order(
        4,
        "2026-10-05T09:00:00Z",
        [item("30.00", rate="7.000")],
        number="101",
        payments=[("1", "10.00"), ("4", "20.00")],
    )
    warehouse.load(
        Load(
            [
                order(1, "2026-10-05T08:00:00Z", [item("11.90"), item("5.35", product=502, rate="7.000")], number="99"),
                order(2, "2026-10-05T08:30:00Z", [item("23.80", quantity=2)], number="100", payments=[("1", "23.80")]),
                order(3, "2026-10-08T08:00:00Z", [item("10.00")], channel="shop", shipping="4.90", payments=[]),
                refunded,
                order(5, "2026-10-06T08:00:00Z", [item("99.00")], state=256 | 4),
                order(6, "2026-10-06T08:00:00Z", [item("99.00")], state=256 | 128),
                order(7, "2026-10-07T08:00:00Z", [item("99.00")], state=2),
            ],
            watermark=datetime(2026, 10, 8, 20, tzinfo=UTC),
        )
    )
    warehouse.load(Load([refunded | {"state": REFUNDED}], watermark=datetime(2026, 10, 9, 20, tzinfo=UTC)))
    return warehouse


def test_only_sales_count_and_days_without_them_are_zero(week: Warehouse) -> None:
    found = week.rows(
        "select business_date, channel, order_count, gross_amount, net_amount, vat_amount, shipping_gross_amount "
        "from marts.sales_by_day order by 1, 2"
    )

    # to the day on which each channel was last read completely
    assert [(row[0].day, row[1]) for row in found] == [
        *((day, "ipad") for day in (5, 6, 7, 8)),
        (8, "shop"),
        (9, "ipad"),
    ]
    assert [row for row in found if row[2]] == [
        (date(2026, 10, 5), "ipad", 3, D("71.05"), D("63.04"), D("8.01"), D("0.00")),
        (date(2026, 10, 8), "shop", 1, D("10.00"), D("8.40"), D("1.60"), D("4.90")),
    ]
    assert all(row[3] == D("0.00") for row in found if not row[2])


@pytest.mark.long
def test_gross_is_net_and_vat_and_what_has_no_rate_day_by_day_and_shipping_bears_none_if_it_is_said_so(
    tmp_path: Path,
) -> None:
    warehouse = Warehouse(tmp_path, Rules(shipping_vat="none"))
    warehouse.load(
        [
            order(1, "2026-10-05T10:00:00+00:00", [item("11.90"), item("5.00", rate="?", product=502)]),
            order(2, "2026-10-05T11:00:00+00:00", [item("10.70", rate="7.000")], shipping="4.90"),
            order(3, "2026-10-06T10:00:00+00:00", [item("2.00", rate="")]),
        ]
    )

    rows = warehouse.rows(
        "select gross_amount, net_amount, vat_amount, unrated_gross_amount, shipping_gross_amount, "
        "shipping_net_amount, shipping_vat_amount from marts.sales_by_day where order_count > 0 order by business_date"
    )

    assert rows == [
        (D("27.60"), D("20.00"), D("2.60"), D("5.00"), D("4.90"), D("4.90"), D("0.00")),
        (D("2.00"), D("0.00"), D("0.00"), D("2.00"), D("0.00"), D("0.00"), D("0.00")),
    ]
    returned = (
        "select tax_rate, gross_amount, net_amount, vat_amount, shipping_gross_amount from marts.vat_return "
        "order by tax_rate"
    )
    assert warehouse.rows(returned) == [
        (D("7.000"), D("10.70"), D("10.00"), D("0.70"), D("0.00")),
        (D("19.000"), D("11.90"), D("10.00"), D("1.90"), D("0.00")),
        (None, D("11.90"), D("4.90"), D("0.00"), D("4.90")),
    ]
    assert warehouse.rows("select sum(order_count) from marts.daily_closing_vat") == [(3,)]


def test_a_refund_stands_on_the_first_day_on_which_it_can_have_happened(week: Warehouse) -> None:
    assert week.rows(
        "select business_date, channel, refund_count, refund_amount from marts.sales_by_day where refund_count > 0"
    ) == [(date(2026, 10, 8), "ipad", 1, D("30.00"))]
    assert week.rows(
        "select order_id, business_date, refund_date, days_to_refund, is_refund_date_observed, refund_vat_amount "
        "from marts.refunds"
    ) == [(4, date(2026, 10, 5), date(2026, 10, 8), 3, False, D("1.96"))]


def test_the_closing_shows_payments_by_method_and_receipts_from_first_to_last(week: Warehouse) -> None:
    found = week.rows(
        "select booking_date, channel, payment_method, payment_count, payment_amount, order_count, receipt_count, "
        "first_receipt_number, last_receipt_number, refund_amount from marts.daily_closing order by all"
    )

    zero = D("0.00")
    assert found == [
        (date(2026, 10, 5), "ipad", "0", 1, D("17.25"), 1, 1, "99", "99", zero),
        (date(2026, 10, 5), "ipad", "1", 2, D("33.80"), 2, 2, "100", "101", zero),
        (date(2026, 10, 5), "ipad", "4", 1, D("20.00"), 1, 1, "101", "101", zero),
        (date(2026, 10, 8), "ipad", "1", 0, zero, 0, 0, None, None, D("10.00")),
        (date(2026, 10, 8), "ipad", "4", 0, zero, 0, 0, None, None, D("20.00")),
        (date(2026, 10, 8), "shop", "none", 0, zero, 1, 0, None, None, zero),
    ]


@alone
def counters() -> list[Order]:
    return [order(number, "2026-10-05T08:00:00Z", [item("1.00")], number=f"R-{number}") for number in (9, 10, 99, 100)]


@pytest.mark.long
def test_receipt_numbers_are_ordered_by_their_counter(account: Callable[[Opening], Account]) -> None:
    assert account(counters).rows("select first_receipt_number, last_receipt_number from marts.daily_closing") == [
        ("R-9", "R-100")
    ]


def test_a_payment_of_another_day_stands_on_its_own(warehouse: Warehouse) -> None:
    transfer = order(1, "2026-10-05T08:00:00Z", [item("1.00")], payments=[("6", "1.00")])
    transfer["payments"][0]["date"] = "2026-10-09T08:00:00Z"
    warehouse.load([transfer])

    assert warehouse.rows("select booking_date, payment_amount from marts.daily_closing") == [
        (date(2026, 10, 9), D("1.00"))
    ]
    assert warehouse.value("select paid_date from core.fct_payments") == date(2026, 10, 9)


def test_vat_of_a_refund_stands_beside_the_vat_of_the_day(week: Warehouse) -> None:
    assert week.rows(
        "select tax_rate, sale_gross_amount, refund_gross_amount, refund_vat_amount from marts.daily_closing_vat "
        "where booking_date = '2026-10-08' and channel = 'ipad'"
    ) == [(D("7.000"), D("0.00"), D("-30.00"), D("-1.96"))]


def test_vat_of_a_month_is_not_changed_by_refunds(week: Warehouse) -> None:
    assert week.rows(
        "select month, tax_rate, channel, gross_amount, net_amount, vat_amount from marts.vat_by_month "
        "order by channel, tax_rate"
    ) == [
        (date(2026, 10, 1), D("7.000"), "ipad", D("35.35"), D("33.04"), D("2.31")),
        (date(2026, 10, 1), D("19.000"), "ipad", D("35.70"), D("30.00"), D("5.70")),
        (date(2026, 10, 1), D("19.000"), "shop", D("10.00"), D("8.40"), D("1.60")),
    ]


def test_products_are_ranked_by_turnover_with_their_refunds_beside_it(week: Warehouse) -> None:
    assert week.rows(
        "select product_id, gross_rank, order_count, quantity, gross_amount, refund_amount, gross_share_ratio "
        "from marts.sales_by_product order by gross_rank"
    ) == [
        (501, 1, 4, D("5.000"), D("75.70"), D("30.00"), D("0.933991")),
        (502, 2, 1, D("1.000"), D("5.35"), D("0.00"), D("0.066009")),
    ]
    assert week.value("select sum(gross_amount) from marts.product_sales_by_day where product_id = 501") == D("75.70")


@pytest.mark.long
def test_an_order_that_is_canceled_later_leaves_zero_and_not_nothing(warehouse: Warehouse) -> None:
    sale = order(1, "2026-10-05T08:00:00Z", [item("11.90")])
    warehouse.load([sale])
    warehouse.load([sale | {"state": 360 | 4}])

    assert warehouse.rows("select sum(order_count), sum(gross_amount) from marts.sales_by_day") == [(0, D("0.00"))]
    assert warehouse.rows("select sum(payment_count), sum(payment_amount) from marts.daily_closing") == [(0, D("0.00"))]


@alone
def new_year() -> list[Order]:
    return [order(1, "2025-12-31T22:59:59Z", [item("1.00")]), order(2, "2025-12-31T23:00:00Z", [item("2.00")])]


@pytest.mark.long
def test_the_last_evening_of_the_year_belongs_to_the_year_of_the_shop(account: Callable[[Opening], Account]) -> None:
    assert account(new_year).rows("select month, gross_amount from marts.vat_by_month order by 1") == [
        (date(2025, 12, 1), D("1.00")),
        (date(2026, 1, 1), D("2.00")),
    ]


@alone
def summer_time() -> list[Order]:
    forward = [order(1, "2026-03-29T00:59:59Z", [item("1.00")]), order(2, "2026-03-29T01:00:00Z", [item("2.00")])]
    back = [
        order(3, "2026-10-24T23:59:59Z", [item("4.00")]),
        order(4, "2026-10-25T00:30:00Z", [item("8.00")]),
        order(5, "2026-10-25T01:30:00Z", [item("16.00")]),
        order(6, "2026-10-25T02:00:00Z", [item("32.00")]),
    ]
    return [*forward, *back]


def test_hours_are_those_of_the_shop_on_both_days_on_which_the_clocks_change(
    account: Callable[[Opening], Account],
) -> None:
    assert account(summer_time).rows(
        "select weekday_name_de, hour_of_day, gross_amount, order_count, day_count, average_day_gross_amount "
        "from marts.sales_by_hour where order_count > 0 order by 2"
    ) == [
        ("Sonntag", 1, D("5.00"), 2, 2, D("2.50")),
        ("Sonntag", 2, D("24.00"), 2, 2, D("12.00")),
        ("Sonntag", 3, D("34.00"), 2, 2, D("17.00")),
    ]
    assert account(summer_time).value("select count(*) from marts.sales_by_hour") == 7 * 24


@pytest.mark.long
def test_a_shop_whose_day_starts_at_four_books_the_night_on_the_day_before(tmp_path: Path) -> None:
    bar = Warehouse(tmp_path, Rules(day_starts_at=4))
    bar.load([order(1, "2026-10-04T01:59:59Z", [item("1.00")]), order(2, "2026-10-04T02:00:00Z", [item("2.00")])])

    assert bar.rows("select business_date, gross_amount from marts.sales_by_day where order_count > 0 order by 1") == [
        (date(2026, 10, 3), D("1.00")),
        (date(2026, 10, 4), D("2.00")),
    ]
    assert bar.rows(
        "select weekday_name_en, hour_of_day from marts.sales_by_hour where order_count > 0 order by 1"
    ) == [
        ("Saturday", 3),
        ("Sunday", 4),
    ]


@pytest.fixture(scope="module")
def regulars(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Customers of every segment; the latest sale is a walk-in sale on 1 October 2026."""
    warehouse = Warehouse(tmp_path_factory.mktemp("regulars"))
    latest = datetime(2026, 10, 1, 10, tzinfo=UTC)
    visits = {
        301: [(30 * month, "120.00") for month in range(10)],  # champion
        302: [(120, "50.00"), (130, "50.00"), (140, "50.00")],  # loyal
        303: [(30, "49.99")],  # new
        304: [(31, "20.00")],  # promising
        305: [(91, "20.00")],  # cooling
        306: [(366, "20.00"), (367, "20.00"), (400, "20.00")],  # at risk
        307: [(181, "20.00")],  # lost
        309: [(number + 11, "4.00") for number in range(10)],
        310: [(200, "700.00")],
    }
    orders = [
        order(customer * 100 + number, (latest - timedelta(days=days)).isoformat(), [item(amount)], customer=customer)
        for customer, made in visits.items()
        for number, (days, amount) in enumerate(made)
    ]
    orders.append(order(9, latest.isoformat(), [item("7.00")]))
    back = (latest - timedelta(days=200)).isoformat()
    orders.append(order(11, back, [item("700.00")], customer=311, state=REFUNDED))
    orders.append(order(10, "2026-10-02T10:00:00Z", [item("500.00")], customer=308, state=2))
    warehouse.load(Load(orders, watermark=datetime(2026, 10, 20, 20, tzinfo=UTC)))
    return warehouse


@pytest.mark.long
def test_customers_are_scored_by_fixed_thresholds(regulars: Warehouse) -> None:
    assert regulars.rows(
        "select customer_id, order_count, gross_amount, days_since_last_order, "
        "recency_score, frequency_score, monetary_score, segment from marts.customers order by 1"
    ) == [
        (301, 10, D("1200.00"), 0, 5, 5, 5, "champion"),
        (302, 3, D("150.00"), 120, 3, 3, 3, "loyal"),
        (303, 1, D("49.99"), 30, 5, 1, 1, "new"),
        (304, 1, D("20.00"), 31, 4, 1, 1, "promising"),
        (305, 1, D("20.00"), 91, 3, 1, 1, "cooling"),
        (306, 3, D("60.00"), 366, 1, 3, 2, "at_risk"),
        (307, 1, D("20.00"), 181, 2, 1, 1, "lost"),
        (309, 10, D("40.00"), 11, 5, 5, 1, "loyal"),  # often here, for little
        (310, 1, D("700.00"), 200, 2, 1, 4, "at_risk"),  # one large purchase
        (311, 1, D("700.00"), 200, 2, 1, 1, "lost"),  # and all of it brought back
    ]


@pytest.mark.long
def test_walk_in_sales_stand_apart(regulars: Warehouse) -> None:
    assert regulars.rows(
        "select order_count, gross_amount, walk_in_order_count, walk_in_gross_amount, walk_in_order_ratio, "
        "walk_in_gross_ratio, customer_gross_amount from ops.walk_in_sales where month = '2026-10-01'"
    ) == [(2, D("127.00"), 1, D("7.00"), D("0.500000"), D("0.055118"), D("120.00"))]


def test_cohorts_show_who_comes_back_and_the_months_in_which_nobody_does(regulars: Warehouse) -> None:
    found = regulars.rows(
        "select month_number, customer_count, active_customer_count, gross_amount, retention_ratio "
        "from marts.cohorts where cohort_month = '2026-05-01' order by 1"
    )

    assert found == [
        (0, 1, 1, D("100.00"), D("1.000000")),
        (1, 1, 1, D("50.00"), D("1.000000")),
        *((number, 1, 0, D("0.00"), D("0.000000")) for number in range(2, 6)),
    ]
    assert regulars.rows(
        "select month_number, is_month_complete from marts.cohorts where cohort_month = '2026-05-01' order by 1"
    ) == [*((number, True) for number in range(5)), (5, False)]


@alone
def shopping() -> list[Order]:
    both = [item("1.00", product=501), item("2.00", product=502), item("1.00", product=501)]
    baskets = [both, both, both, [item("1.00", product=501), item("3.00", product=503)]]
    single = [
        [item("1.00", product=501)],
        [item("1.00", product=501), item("1.00", product=None)],
        [item("1.00", product=501), item("4.90", product=504, name="Versandkosten DE")],
    ]
    return [order(number, "2026-10-05T08:00:00Z", lines) for number, lines in enumerate([*baskets, *single], 1)] + [
        order(99, "2025-10-05T08:00:00Z", both)
    ]  # the last: more than 365 days ago


def test_support_and_chance_are_those_among_all_baskets(account: Callable[[Opening], Account]) -> None:
    assert account(shopping).rows(
        "select product_id, other_product_id, basket_count, product_basket_count, other_product_basket_count, "
        "all_basket_count, support_ratio, confidence_ratio, lift from marts.basket_affinity order by 1"
    ) == [
        (501, 502, 3, 7, 3, 7, D("0.428571"), D("0.428571"), D("1.000000")),
        (502, 501, 3, 3, 7, 7, D("0.428571"), D("1.000000"), D("1.000000")),
    ]


@alone
def discounts() -> list[Order]:
    percent = {"type": "percent", "amount": "0.1", "reason": 0}
    cash = {"type": "cash", "amount": "1.00", "reason": 0}
    return [
        order(1, "2026-10-05T08:00:00Z", [item("9.00", discount=percent), item("5.00")]),
        order(2, "2026-10-05T08:00:00Z", [item("4.00")], discount=cash),
    ]


def test_discounts_are_shown_by_level_and_kind(account: Callable[[Opening], Account]) -> None:
    assert account(discounts).rows(
        "select discount_level, discount_type, order_count, discount_count, discount_amount, gross_amount, "
        "discount_ratio from marts.discounts order by 1"
    ) == [
        ("line", "percent", 1, 1, D("1.00"), D("9.00"), D("0.100000")),
        ("order", "cash", 1, 1, D("1.00"), D("4.00"), D("0.200000")),
    ]
    assert account(discounts).value("select discount_amount from marts.sales_by_day where order_count > 0") == D("2.00")


@pytest.mark.long
def test_open_orders_have_an_age(warehouse: Warehouse) -> None:
    warehouse.load(
        Load(
            [
                order(1, "2026-10-01T08:00:00Z", [item("1.00")]),
                *(
                    order(number, f"2026-{day}T08:00:00Z", [item("1.00")], state=2)
                    for number, day in enumerate(("10-24", "10-23", "10-01", "09-30", "08-02", "08-01"), 2)
                ),
            ],
            watermark=datetime(2026, 10, 31, 20, tzinfo=UTC),
        )
    )

    assert warehouse.rows("select age_days, age_group from marts.open_orders order by 1") == [
        (7, "0-7 days"),
        (8, "8-30 days"),
        (30, "8-30 days"),
        (31, "31-90 days"),
        (90, "31-90 days"),
        (91, "over 90 days"),
    ]


@pytest.mark.long
def test_fulfilment_is_timed_where_the_steps_were_seen_one_after_the_other(warehouse: Warehouse) -> None:
    paid, shipped, delivered = 256, 256 | 32, 256 | 32 | 64
    first = datetime(2026, 10, 5, 10, tzinfo=UTC)
    parcel = order(1, "2026-10-05T08:00:00Z", [item("1.00")], channel="shop", shipping="4.90", state=paid)
    at_once = order(2, "2026-10-05T08:00:00Z", [item("1.00")], channel="shop", shipping="0E-10", state=delivered)
    waiting = order(3, "2026-10-05T08:00:00Z", [item("1.00")], channel="shop", shipping="4.90", state=paid)
    warehouse.load(Load([parcel, at_once, waiting], watermark=first))
    warehouse.load(Load([parcel | {"state": shipped}], watermark=first + timedelta(hours=6)))
    warehouse.load(Load([parcel | {"state": delivered}], watermark=first + timedelta(hours=78)))

    assert warehouse.rows(
        "select order_count, shipped_order_count, delivered_order_count, waiting_order_count, shipping_gross_amount, "
        "timed_shipment_count, average_hours_to_ship, shipped_in_a_day_ratio, "
        "timed_delivery_count, average_hours_to_deliver, late_delivery_ratio from marts.fulfilment"
    ) == [(3, 2, 2, 1, D("9.80"), 1, D("6.00"), D("1.000000"), 1, D("72.00"), D("1.000000"))]


@alone
def receipts() -> list[Order]:
    numbers = ["998", "999", "1002", "WEB-1", "WEB-2", "WEB-2", "", "", "A", "A", "2026-12345678901234567890"]
    return [
        order(position, f"2026-10-{position:02}T08:00:00Z", [item("1.00")], number=number)
        for position, number in enumerate(numbers, 1)
    ]


def test_receipt_numbers_show_gaps_and_duplicates_of_each_circle(account: Callable[[Opening], Account]) -> None:
    assert account(receipts).rows(
        "select receipt_prefix, finding, first_counter, last_counter, missing_count, order_count, receipt_number, "
        "receipt_number_before, receipt_number_after, first_date, last_date, order_ids "
        "from marts.receipt_numbers order by 1"
    ) == [
        ("", "gap", 1000, 1001, 2, 0, None, "999", "1002", date(2026, 10, 2), date(2026, 10, 3), None),
        ("A", "duplicate", None, None, 0, 2, "A", None, None, date(2026, 10, 9), date(2026, 10, 10), "9 10"),
        ("WEB-", "duplicate", 2, 2, 0, 2, "WEB-2", None, None, date(2026, 10, 5), date(2026, 10, 6), "5 6"),
    ]
    assert account(receipts).rows(
        "select receipt_prefix, first_counter, last_counter, receipt_count, missing_count, duplicate_count "
        "from ops.receipt_circles order by 1"
    ) == [
        ("", 998, 1002, 3, 2, 0),
        ("2026-12", 345678901234567890, 345678901234567890, 1, 0, 0),
        ("A", None, None, 2, 0, 1),
        ("WEB-", 1, 2, 3, 0, 1),
    ]


@alone
def circles() -> list[Order]:
    numbers = ["0001/26", "0002/26", "0004/26", "RE-2026-0001", "RE-2026-0002", "2026/0007", "2026/26", "2026/27"]
    numbers += ["1-000123", "1-000124", "1-25", "1-26", "17/26", "R 5/2026", "R 6/2026", "0003-26", "26", "0009/25"]
    return [
        order(position, f"2026-10-{position:02}T08:00:00Z", [item("1.00")], number=number)
        for position, number in enumerate(numbers, 1)
    ] + [order(99, "2025-10-01T08:00:00Z", [item("1.00")], number="0008/25")]


def test_a_year_after_the_counter_belongs_to_the_circle(account: Callable[[Opening], Account]) -> None:
    assert account(circles).rows(
        "select receipt_prefix, receipt_number, receipt_counter from ops.fct_receipts order by order_id"
    ) == [
        ("…/26", "0001/26", 1),
        ("…/26", "0002/26", 2),
        ("…/26", "0004/26", 4),
        ("RE-2026-", "RE-2026-0001", 1),
        ("RE-2026-", "RE-2026-0002", 2),
        ("2026/", "2026/0007", 7),
        ("2026/", "2026/26", 26),
        ("2026/", "2026/27", 27),
        ("1-", "1-000123", 123),
        ("1-", "1-000124", 124),
        ("1-", "1-25", 25),
        ("1-", "1-26", 26),
        ("…/26", "17/26", 17),
        ("R …/2026", "R 5/2026", 5),
        ("R …/2026", "R 6/2026", 6),
        ("…-26", "0003-26", 3),
        ("", "26", 26),
        ("0009/", "0009/25", 25),
        ("…/25", "0008/25", 8),
    ]
    assert account(circles).rows(
        "select first_counter, last_counter, receipt_number_before, receipt_number_after from marts.receipt_numbers "
        "where receipt_prefix = '…/26' order by 1"
    ) == [(3, 3, "0002/26", "0004/26"), (5, 16, "0004/26", "17/26")]


@pytest.mark.long
def test_a_gap_closes_when_the_missing_receipt_arrives(warehouse: Warehouse) -> None:
    warehouse.load([order(number, "2026-10-05T08:00:00Z", number=str(number)) for number in (1, 2, 4, 2001)])
    assert warehouse.rows("select first_counter, missing_count from marts.receipt_numbers order by 1") == [
        (3, 1),
        (5, 1996),
    ]

    warehouse.load([order(3, "2026-10-05T08:00:00Z", number="3")])
    assert warehouse.rows("select first_counter, missing_count from marts.receipt_numbers") == [(5, 1996)]


@pytest.mark.long
def test_amounts_that_no_sum_can_hold_do_not_keep_the_others_from_being_published(warehouse: Warehouse) -> None:
    huge = "9999999999999999.99"
    warehouse.load(
        [
            order(
                1, "2026-10-05T08:00:00Z", [item(huge), item(huge, product=502)], payments=[("0", huge), ("0", huge)]
            ),
            order(2, "2026-10-05T08:00:00Z", [item(huge, product=503)], payments=[("0", huge)], customer=301),
            order(3, "2026-10-05T08:00:00Z", [item(huge, product=503)], payments=[("0", huge)], customer=301),
            order(4, "2026-10-06T08:00:00Z", [item("1.00")]),
        ]
    )

    assert warehouse.value("select gross_amount from marts.sales_by_day where business_date = '2026-10-06'") == D(
        "1.00"
    )


FIRST, SECOND = datetime(2026, 10, 5, 20, tzinfo=UTC), datetime(2026, 10, 6, 20, tzinfo=UTC)
THIRD, FOURTH = datetime(2026, 10, 7, 20, tzinfo=UTC), datetime(2026, 10, 8, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def restated(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """5 October is closed by the second load; the third cancels an order of it and brings a late one.

    The fourth refunds the late one and changes nothing but the state of another order.
    """
    warehouse = Warehouse(tmp_path_factory.mktemp("restated"))
    kept, gone = order(1, "2026-10-05T08:00:00Z", [item("11.90")]), order(2, "2026-10-05T09:00:00Z", [item("1.19")])
    late = order(3, "2026-10-05T10:00:00Z", [item("5.95")])
    next_day = order(4, "2026-10-06T08:00:00Z", [item("100.00")])
    warehouse.load(Load([kept], watermark=FIRST))
    warehouse.load(Load([gone, next_day], watermark=SECOND))
    warehouse.load(Load([gone | {"state": 360 | 4}, late, next_day], watermark=THIRD))
    warehouse.load(Load([late | {"state": REFUNDED}, kept | {"state": 360 | 512}], watermark=FOURTH))
    return warehouse


def test_a_closed_day_that_would_look_different_now_names_the_orders(restated: Warehouse) -> None:
    assert restated.rows(
        "select business_date, booking_date, order_count, gross_amount, vat_amount, changed_order_count, order_ids, "
        "observed_until_at from marts.restatements"
    ) == [(date(2026, 10, 5), date(2026, 10, 6), 0, D("4.76"), D("0.76"), 2, "3 2", THIRD)]


def test_the_books_of_a_closed_day_stay_and_changes_stand_on_a_later_one(restated: Warehouse) -> None:
    assert restated.rows(
        "select booking_date, kind, order_count, gross_amount from marts.bookings_by_day order by all"
    ) == [
        (date(2026, 10, 5), "sale", 2, D("13.09")),
        (date(2026, 10, 6), "cancellation", -1, D("-1.19")),
        (date(2026, 10, 6), "sale", 2, D("105.95")),
        (date(2026, 10, 7), "refund", 0, D("-5.95")),
    ]
    assert restated.rows("select closed_from_date, closed_through_date from marts.freshness") == [
        (None, date(2026, 10, 7))
    ]


@pytest.mark.parametrize(
    ("moment", "gross"),
    [
        pytest.param("2026-10-05 19:59:59+00", None, id="before the first load"),
        pytest.param("2026-10-05 20:00:00+00", D("11.90"), id="at the first load"),
        pytest.param("2026-10-06 20:00:00+00", D("13.09"), id="at the second load"),
        pytest.param("2026-10-07 19:59:59+00", D("13.09"), id="before the third load"),
        pytest.param("2030-01-01 00:00:00+00", D("17.85"), id="later"),
    ],
)
def test_sales_are_known_as_of_any_time(restated: Warehouse, moment: str, gross: Decimal | None) -> None:
    assert (
        restated.value(
            f"select sum(gross_amount) from core.fct_bookings where business_date = '2026-10-05' "
            f"and kind <> 'refund' and observed_until_at <= '{moment}'"
        )
        == gross
    )


@pytest.mark.long
def test_books_are_the_same_after_a_full_rebuild(restated: Warehouse) -> None:
    before = restated.tables()

    assert restated.load(full=True).full
    assert restated.tables() == before


# crawl after the day of a sale, and the day on which another sale of that day is booked that comes later
CRAWLS: dict[str, tuple[dict[str, object], date]] = {
    "complete, after the day": ({}, date(2026, 10, 6)),
    "not complete": ({"status": "failed", "watermark": None}, date(2026, 10, 5)),
    "within the day": ({"watermark": datetime(2026, 10, 5, 21, 59, 59, tzinfo=UTC)}, date(2026, 10, 5)),
    "a backfill": ({"endpoint": "orders"}, date(2026, 10, 5)),
}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """An account for each of those crawls."""
    warehouse = Warehouse(tmp_path_factory.mktemp("crawled"))
    midnight = datetime(2026, 10, 5, 22, tzinfo=UTC)
    for name, (crawl, _) in CRAWLS.items():
        windows = [{"channel": "ipad", **crawl}, {"channel": "shop"}]
        late = order(3, "2026-10-05T09:00:00Z", [item("1.00")])
        warehouse.append(
            Load([order(1, "2026-10-05T08:00:00Z", [item("1.00")])], watermark=FIRST, account=name),
            Load([], watermark=midnight, windows=windows, account=name),
            Load([late], watermark=THIRD, windows=[{"channel": "ipad"}], account=name),
        )
    warehouse.load()
    return warehouse


@pytest.mark.long
@pytest.mark.parametrize("name", CRAWLS)
def test_a_day_is_closed_when_a_complete_crawl_of_its_channel_began_after_its_end(
    crawled: Warehouse, name: str
) -> None:
    booked = Account(crawled, name).value("select booking_date from core.fct_bookings where order_id = 3")

    assert booked == CRAWLS[name][1]


@pytest.mark.long
def test_a_quiet_channel_and_a_broken_one_look_different(warehouse: Warehouse) -> None:
    old, new = order(1, "2026-09-01T08:00:00Z", [item("1.00")], channel="ebay"), order(2, "2026-10-05T08:00:00Z")
    crawled = [{"channel": name} for name in ("ipad", "ebay", "shop", "ece")]
    warehouse.load(Load([old, new], watermark=FIRST, windows=crawled))
    broken = {"channel": "shop", "status": "failed", "watermark": None, "message": "GET answered 500"}
    warehouse.load(
        Load(
            [new | {"state": 360 | 512}],
            watermark=SECOND + timedelta(days=1),
            windows=[{"channel": "ipad"}, {"channel": "ebay"}, broken],
        )
    )

    assert warehouse.rows(
        "select channel, freshness, newest_sale_date, last_crawl_message, known_until from marts.freshness order by 1"
    ) == [
        ("ebay", "quiet", date(2026, 9, 1), None, THIRD),
        ("ece", "behind", None, None, FIRST),
        ("ipad", "trading", date(2026, 10, 5), None, THIRD),
        ("shop", "broken", None, "GET answered 500", FIRST),
    ]


@pytest.mark.long
def test_a_channel_that_the_api_does_not_know_is_not_called_broken(warehouse: Warehouse) -> None:
    refused = {"status": "unsupported", "watermark": None, "message": "The API does not know this channel."}
    crawled = [{"channel": "ipad"}, {"channel": "shop"}, {"channel": "backoffice", **refused}]
    warehouse.load(Load([order(1, "2026-10-05T08:00:00Z")], watermark=FIRST, windows=crawled))

    def verdicts() -> list[tuple[object, ...]]:
        return warehouse.rows("select channel, freshness from marts.freshness order by 1")

    assert verdicts() == [("backoffice", "not offered"), ("ipad", "trading"), ("shop", "no orders")]
    assert warehouse.value("select sum(broken_crawl_count) from ops.fct_loads") == 0

    lost = [{"channel": "ipad"}, {"channel": "shop", **refused}]
    warehouse.load(Load([order(2, "2026-10-05T08:00:00Z")], watermark=SECOND, windows=lost))
    assert verdicts() == [("backoffice", "not offered"), ("ipad", "trading"), ("shop", "broken")]


@pytest.mark.long
def test_a_backfill_says_nothing_about_later_changes(warehouse: Warehouse) -> None:
    sale = order(1, "2026-10-05T08:00:00Z", [item("1.00")])
    warehouse.load(Load([sale], watermark=FIRST))
    slices = [
        {"channel": "ipad", "endpoint": "orders"},
        {"channel": "shop", "endpoint": "orders", "status": "incomplete", "watermark": None},
    ]
    warehouse.load(Load([sale | {"state": 360 | 512}], watermark=THIRD, source="orders", windows=slices))

    assert warehouse.rows("select channel, freshness, known_until from marts.freshness") == [("ipad", "trading", FIRST)]
    assert warehouse.value("select closed_through_date from marts.freshness") == date(2026, 10, 4)


@pytest.mark.long
def test_a_load_without_news_closes_days_as_soon_as_the_next_news_is_built_in(warehouse: Warehouse) -> None:
    sale = order(1, "2026-10-05T08:00:00Z", [item("1.00")])
    warehouse.load(Load([sale], watermark=FIRST))
    warehouse.load(Load([sale], watermark=SECOND))
    late = order(3, "2026-10-05T09:00:00Z", [item("1.00")])
    warehouse.load(Load([late, order(2, "2026-10-07T08:00:00Z", [item("1.00")])], watermark=THIRD))

    assert warehouse.value("select booking_date from core.fct_bookings where order_id = 3") == date(2026, 10, 6)
    assert warehouse.value("select known_until from marts.freshness") == THIRD


@alone
def findings() -> list[Order]:
    return [
        order(1, "2026-10-05T08:00:00Z", [item("1.00")], payments=[("17", "1.00")]),
        order(2, "2026-10-05T08:00:00Z", [item("1.00")], payments=[("17", "1.00")]),
    ]


def test_data_quality_counts_what_the_warning_checks_found(account: Callable[[Opening], Account]) -> None:
    assert account(findings).rows(
        "select finding_count, order_count, amount, sample_order_ids from marts.data_quality "
        "where check_name = 'payment_methods_are_known'"
    ) == [(2, 2, D("2.00"), "1 2")]
