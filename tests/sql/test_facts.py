"""What the facts say about an order that the API sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.landing_file import FIRST_WATERMARK, Load
from tests.support.payloads import PAGE_PENDING, PAGE_SALE, Ask, line, one_warehouse_of, payment, sale
from tests.support.warehouse import Warehouse
from transforms.runner.build import Rules
from transforms.runner.models import read_macros, sql_folder
from transforms.runner.session import create_macros

D = Decimal
LATER = FIRST_WATERMARK + timedelta(days=2)


Cases = Callable[[], dict[str, Any]]
Asked = Callable[[Cases], Ask]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """All cases of this module under the usual rules, built at once; what to ask is one of a group, by its name."""
    groups = (states, days, amounts, spreads, returns, discount_cases)
    every = {f"{group.__name__}: {name}": case for group in groups for name, case in group().items()}
    ask = one_warehouse_of(every, tmp_path_factory.mktemp("cases"))
    return lambda group: lambda name, *rest: ask(f"{group.__name__}: {name}", *rest)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def percent(share: str) -> dict[str, object]:
    return {"type": "percent", "amount": share, "reason": 0}


def cash(amount: str) -> dict[str, object]:
    return {"type": "cash", "amount": amount, "reason": 0}


# -- the two orders of the documentation ---------------------------------------------------------------


def test_the_printed_orders_are_an_unexplained_sale_and_an_open_order(warehouse):
    warehouse.load([PAGE_SALE, PAGE_PENDING])

    assert warehouse.rows(
        "select order_class, is_paid, is_shipped, is_delivered, is_closed, is_pending, is_canceled, "
        "invoice_number, customer_id, user_id, business_date, amount_paid, payments_amount, balance_class "
        "from core.fct_orders where order_id = 8791312"
    ) == [
        (
            *("sale", True, True, True, True, False, False),
            *("630", None, 1959, date(2017, 12, 12), D("138.60"), D("138.60"), "unexplained"),
        )
    ]
    assert warehouse.rows(
        "select item_id, product_id, product_code, quantity, original_quantity, tax_rate, unit_net_price, "
        "unit_gross_amount, line_gross_amount, line_net_amount, line_vat_amount "
        "from core.fct_order_items where order_id = 8791312"
    ) == [
        (
            *(17311484, 2195273, "72060235", D("10.000"), D("10.000"), D("19.000"), D("5.8739495798")),
            *(D("6.99"), D("69.90"), D("58.74"), D("11.16")),
        )
    ]
    assert warehouse.rows("select order_id, payment_method, payment_amount from core.fct_payments order by all") == [
        (5011967, "6", D("5.00")),
        (8791312, "0", D("138.60")),
    ]
    assert warehouse.rows("select state_bit from core.bridge_order_states where order_id = 8791312 order by all") == [
        (8,),
        (32,),
        (64,),
        (256,),
    ]
    assert warehouse.rows(
        "select order_class, is_pending, is_paid, channel, customer_id, invoice_number, receipt_pdf_url, "
        "billing_address_id, shipping_address_id, shipping_gross_amount, payments_amount, balance_class "
        "from core.fct_orders where order_id = 5011967"
    ) == [("open", True, False, "shop", 408367, None, None, 471652, 471653, D("0.00"), D("5.00"), "exact")]
    assert warehouse.rows(
        "select shipment_id, service_id, service_name, shipping_gross_amount, time_min_seconds from core.fct_shipments"
    ) == [(9169, 22099, "Abholung", D("0.00"), 0)]


# -- classes and states --------------------------------------------------------------------------------

CLASSES = {
    "test print, paid and closed": (128 | 256 | 8, "test"),
    "draft and paid": (1 | 256, "draft"),
    "canceled, paid and closed": (4 | 256 | 8, "canceled"),
    "paid": (256, "sale"),
    "closed": (8, "sale"),
    "completed and refunded": (360 | 16, "sale"),
    "pending": (2, "open"),
    "no bit at all": (0, "open"),
    "an unknown bit": (1024, "open"),
}


def states() -> dict[str, Any]:
    return {name: sale(state=state) for name, (state, _) in CLASSES.items()}


@pytest.fixture
def by_state(asked: Asked) -> Ask:
    return asked(states)


@pytest.mark.parametrize("case", CLASSES)
def test_the_class_of_an_order_follows_from_its_state(by_state, case):
    assert by_state(case, "order_class") == [(CLASSES[case][1],)]


def test_bits_that_nobody_documents_appear_by_themselves(by_state):
    assert by_state("an unknown bit", "state_bit", "core.bridge_order_states") == [(1024,)]
    assert by_state("an unknown bit", "state_bit, state_name, change", "core.fct_order_state_changes") == [
        (1024, "UNKNOWN_1024", "set")
    ]


@pytest.mark.long
def test_the_state_timeline_tells_what_was_set_and_cleared_and_when(warehouse):
    warehouse.load([sale(state=258)], Load([sale(state=360)], watermark=LATER))

    assert warehouse.rows(
        "select version_number, state_bit, state_name, change, observed_at "
        "from core.fct_order_state_changes order by version_number, state_bit"
    ) == [
        (1, 2, "PENDING", "set", FIRST_WATERMARK),
        (1, 256, "PAID", "set", FIRST_WATERMARK),
        (2, 2, "PENDING", "cleared", LATER),
        (2, 8, "CLOSED", "set", LATER),
        (2, 32, "SHIPPED", "set", LATER),
        (2, 64, "DELIVERED", "set", LATER),
    ]


@pytest.mark.long
def test_a_refund_that_is_taken_back_and_made_again_is_a_new_one(warehouse):
    states = {0: 360, 2: 376, 4: 360, 6: 376, 8: 376 | 512}
    at = {n: FIRST_WATERMARK + timedelta(days=n) for n in states}
    for n, state in states.items():
        warehouse.load(Load([sale(state=state)], watermark=at[n]))

    assert warehouse.rows(
        "select order_class, is_refunded, refund_date, refund_observed_after_at, refund_observed_until_at, "
        "is_refund_date_observed from core.fct_orders"
    ) == [("sale", True, date(2026, 11, 5), at[4], at[6], False)]
    assert warehouse.rows(
        "select version_number, entry, booking_date, sign(gross_amount) from core.fct_bookings "
        "where kind = 'refund' order by version_number"
    ) == [
        (2, "new", date(2026, 11, 1), -1),
        (3, "reversal", date(2026, 11, 3), 1),
        (4, "new", date(2026, 11, 5), -1),
    ]


# -- days ----------------------------------------------------------------------------------------------

DAYS = {
    "New Year has begun in Berlin": ("2026-12-31T23:30:00+00:00", date(2027, 1, 1)),
    "the last second of the old year": ("2026-12-31T22:59:59+00:00", date(2026, 12, 31)),
    "midnight in summer": ("2026-06-30T22:00:00Z", date(2026, 7, 1)),
    "the second before it": ("2026-06-30T21:59:59Z", date(2026, 6, 30)),
    "another offset": ("2026-07-01T00:30:00-05:00", date(2026, 7, 1)),
    "milliseconds": ("2020-02-18T23:48:38.038+00:00", date(2020, 2, 19)),
    "no offset: the shop's own time": ("2026-07-01 00:30:00", date(2026, 7, 1)),
    "no seconds": ("2026-07-01T00:30", date(2026, 7, 1)),
    "the night of 25 hours": ("2026-10-25T22:59:59+00:00", date(2026, 10, 25)),
    "no completion: the day it was added": (None, date(2026, 10, 20)),
}


def days() -> dict[str, Any]:
    cases = {name: sale(completed_at=text) for name, (text, _) in DAYS.items()}
    cases["no time at all"] = sale(completed_at=None, time_added=None)
    cases["version 10"] = sale(payments=[payment(date="30.06.2015 - 16:14"), payment(2, date="01.01.2016 - 00:10")])
    return cases


@pytest.fixture
def by_day(asked: Asked) -> Ask:
    return asked(days)


@pytest.mark.parametrize("case", DAYS)
def test_a_sale_belongs_to_the_day_in_the_shops_time_zone(by_day, case):
    assert by_day(case, "business_date") == [(DAYS[case][1],)]


def test_an_order_without_any_time_belongs_to_the_day_it_was_first_seen(by_day):
    assert by_day("no time at all", "business_date, ordered_at, completed_at") == [(date(2026, 11, 1), None, None)]


def test_payment_times_of_api_version_10_are_read_in_the_shops_time_zone(by_day):
    assert by_day("version 10", "paid_at, paid_date", "core.fct_payments") == [
        (datetime(2015, 6, 30, 14, 14, tzinfo=UTC), date(2015, 6, 30)),
        (datetime(2015, 12, 31, 23, 10, tzinfo=UTC), date(2016, 1, 1)),
    ]


@pytest.mark.long
def test_a_shop_elsewhere_whose_day_starts_late_has_other_days(tmp_path):
    cases = {
        "before four": sale(completed_at="2026-07-01T02:59:59+00:00"),
        "four": sale(completed_at="2026-07-01T03:00:00+00:00"),
    }

    ask = one_warehouse_of(cases, tmp_path, Rules(timezone="Europe/London", day_starts_at=4))

    assert ask("before four", "business_date") == [(date(2026, 6, 30),)]
    assert ask("four", "business_date") == [(date(2026, 7, 1),)]


# -- versions ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_cancellation_replaces_the_first_version_and_both_are_kept(warehouse):
    warehouse.load([sale()])

    warehouse.load(Load([sale(state=364)], watermark=LATER))

    assert warehouse.rows("select order_class, version_count, last_seen_at from core.fct_orders") == [
        ("canceled", 2, LATER)
    ]
    assert warehouse.rows(
        "select version_number, order_class, items_gross_amount, valid_from, valid_to, is_latest "
        "from core.fct_order_versions order by version_number"
    ) == [
        (1, "sale", D("10.00"), FIRST_WATERMARK, LATER, False),
        (2, "canceled", D("10.00"), LATER, None, True),
    ]


@pytest.mark.long
def test_reading_the_same_again_makes_no_version_but_returning_to_it_does(warehouse):
    warehouse.load([sale(), sale(), sale(state=364), sale()])

    report = warehouse.load(Load([sale(delta_state="updated", user_id=99)], watermark=LATER))

    assert report.orders_affected == 0
    assert warehouse.rows("select version_count, user_id from core.fct_orders") == [(3, 7)]


@pytest.mark.long
def test_a_user_that_a_later_read_leaves_out_stays_known(warehouse):
    backfilled = sale(state=376)
    del backfilled["user_id"]

    warehouse.load([sale()], Load([backfilled], watermark=LATER, source="orders"))

    assert warehouse.rows("select is_refunded, user_id from core.fct_orders") == [(True, 7)]


@pytest.mark.long
def test_rows_of_a_load_that_was_written_twice_change_nothing(warehouse):
    warehouse.load([sale(), sale(state=364)])
    before = facts(warehouse)
    with closing(duckdb.connect(str(warehouse.files.landing))) as landing:
        landing.execute("insert into raw.orders select * from raw.orders")

    warehouse.load(full=True)

    assert facts(warehouse) == before


def facts(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    named = ("core.fct_order", "core.fct_payments", "core.fct_shipments", "core.bridge")
    return {name: rows for name, rows in warehouse.tables().items() if name.startswith(named)}


@pytest.mark.long
def test_an_order_id_may_occur_in_two_accounts(warehouse):
    warehouse.load([sale(1)], Load([sale(1, amount_paid="3.00")], account="second"))

    assert warehouse.rows("select account, order_id, amount_paid from core.fct_orders order by account") == [
        ("default", 1, D("10.00")),
        ("second", 1, D("3.00")),
    ]


# -- amounts -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def net_of() -> Iterator[Callable[[Decimal, Decimal], Decimal]]:
    """The macro itself."""
    with duckdb.connect() as connection:
        create_macros(connection, read_macros(sql_folder()))
        ask = "select net_of(cast(? as decimal(18, 2)), cast(? as decimal(6, 3)))"
        yield lambda gross, rate: connection.execute(ask, [gross, rate]).fetchall()[0][0]


LARGEST = D("9999999999999999.99")


@given(
    gross=st.decimals(-LARGEST, LARGEST, places=2) | st.decimals(0, 100, places=2),
    rate=st.sampled_from([0, 5, 7, 16, 19]).map(D) | st.decimals(0, D("999.999"), places=3),
)
def test_net_amounts_are_rounded_half_up_to_the_cent_whatever_their_size(net_of, gross, rate):
    numerator, denominator = abs(int(gross * 100)) * 100_000, 100_000 + int(rate * 1000)
    cents = (2 * numerator + denominator) // (2 * denominator)

    assert net_of(gross, rate) == D(cents).scaleb(-2).copy_sign(gross)


SHIPMENT = {"id": 1, "name": "DHL", "cost": "4.9000000000", "service": {"id": 5, "name": "DHL"}}
BALANCES: dict[str, tuple[str | None, list[str], Any, str]] = {
    "all agree": ("10.00", ["10.00"], None, "exact"),
    "shipping is due too": ("14.90", ["10.00", "4.90"], SHIPMENT, "exact"),
    "two cents off": ("9.98", ["9.98"], None, "rounding"),
    "five cents off": ("10.00", ["10.05"], None, "rounding"),
    "six cents too much": ("10.00", ["10.06"], None, "overpaid"),
    "paid twice": ("10.00", ["10.00", "10.00"], None, "overpaid"),
    "no payment": ("10.00", [], None, "unpaid"),
    "no payment, and the API says so": ("0.00", [], None, "unpaid"),
    "a part": ("4.00", ["4.00"], None, "unpaid"),
    "the API agrees with payments that nobody owed": ("20.00", ["20.00"], None, "unexplained"),
    "three different amounts": ("7.00", ["3.00"], None, "unexplained"),
    "amount_paid is missing": (None, ["10.00"], None, "unexplained"),
    "a payment is unreadable": ("10.00", ["ten"], None, "unexplained"),
    "shipping is unreadable": ("10.00", ["10.00"], SHIPMENT | {"cost": "free"}, "unexplained"),
}
RATES = [
    line(1, "11.90"),
    line(2, "10.70", tax_rate="7.000"),
    line(3, "1.19"),
    line(4, "5.00", tax_rate="0.000"),
]
# lines, cost of the shipment; gross, net and VAT of shipping by rate, lowest first
SHIPPING: dict[str, tuple[list[Any], str, list[tuple[Any, str, str, str]]]] = {
    "shipping of one rate": ([line(1, "11.90"), line(2, "1.19")], "4.90", [(19, "4.90", "4.12", "0.78")]),
    "shipping of two rates": (
        [line(1, "119.00"), line(2, "53.50", tax_rate="7.000")],  # 100 and 50 net
        "5.00",
        [(7, "1.67", "1.56", "0.11"), (19, "3.33", "2.80", "0.53")],
    ),
    "shipping of two equal rates": (
        [line(1, "11.90"), line(2, "10.70", tax_rate="7.000")],
        "0.01",
        [(7, "0.01", "0.01", "0.00"), (19, "0.00", "0.00", "0.00")],
    ),
    "shipping beside a line taken back": (
        [line(1, "-11.90"), line(2, "10.70", tax_rate="7.000")],
        "5.00",
        [(7, "5.00", "4.67", "0.33"), (19, "0.00", "0.00", "0.00")],
    ),
    "shipping without a known rate": ([line(1, "11.90", tax_rate="none")], "4.90", [(None, "4.90", "4.90", "0.00")]),
    "shipping beside an unknown rate": (
        [line(1, "11.90"), line(2, "10.00", tax_rate="none")],
        "4.90",
        [(19, "4.90", "4.12", "0.78"), (None, "0.00", "0.00", "0.00")],
    ),
}


def amounts() -> dict[str, Any]:
    cases: dict[str, Any] = {
        name: sale(
            amount_paid=paid,
            payments=[payment(number, amount) for number, amount in enumerate(payments, 1)],
            shipment=shipment,
        )
        for name, (paid, payments, shipment, _) in BALANCES.items()
    }
    cases |= {"rates": sale(items=RATES)}
    cases |= {
        name: sale(items=lines, shipment=SHIPMENT | {"cost": cost}) for name, (lines, cost, _) in SHIPPING.items()
    }
    return cases


@pytest.fixture
def by_amount(asked: Asked) -> Ask:
    return asked(amounts)


@pytest.mark.parametrize("case", BALANCES)
def test_the_balance_of_an_order_says_what_fits(by_amount, case):
    assert by_amount(case, "balance_class") == [(BALANCES[case][-1],)]


def test_each_rate_of_an_order_has_its_vat(by_amount):
    assert by_amount("rates", "tax_rate, gross_amount, net_amount, vat_amount, line_count", "core.fct_order_vat") == [
        (D("0.000"), D("5.00"), D("5.00"), D("0.00"), 1),
        (D("7.000"), D("10.70"), D("10.00"), D("0.70"), 1),
        (D("19.000"), D("13.09"), D("11.00"), D("2.09"), 2),
    ]


@pytest.mark.parametrize("case", SHIPPING)
def test_shipping_bears_the_vat_of_the_goods(by_amount, case):
    assert by_amount(
        case, "tax_rate, shipping_gross_amount, shipping_net_amount, shipping_vat_amount", "core.fct_order_vat"
    ) == [(rate, *map(D, amounts)) for rate, *amounts in SHIPPING[case][2]]


# amounts of lines at 19 % unless told otherwise; their net amounts
SPREAD: dict[str, tuple[list[Any], list[str]]] = {
    "the lower line gets the cent": ([line(n, "10.00") for n in (1, 2, 3)], ["8.41", "8.40", "8.40"]),  # 25.21
    "the line that lost most gets it": ([line(1, "10.01"), line(2, "10.00")], ["8.41", "8.41"]),  # 16.8151
    "a cent less than rounded by line": ([line(1, "0.05"), line(2, "0.05")], ["0.04", "0.04"]),
    "lines taken back": ([line(n, "-10.00") for n in (1, 2, 3)], ["-8.41", "-8.40", "-8.40"]),
    "a line taken back": ([line(1, "-10.00"), line(2, "10.00"), line(3, "10.00")], ["-8.40", "8.40", "8.40"]),
    "lines that cancel each other": ([line(1, "10.00"), line(2, "-10.00")], ["8.40", "-8.40"]),
    "each rate for itself": (
        [line(1, "10.00"), line(2, "10.00", tax_rate="7.000"), line(3, "10.00"), line(4, "10.00", tax_rate="7.000")],
        ["8.41", "9.35", "8.40", "9.34"],  # 16.81 and 18.69
    ),
}


def spreads() -> dict[str, Any]:
    return {name: sale(items=lines) for name, (lines, _) in SPREAD.items()}


@pytest.fixture
def spread(asked: Asked) -> Ask:
    return asked(spreads)


@pytest.mark.parametrize("case", SPREAD)
def test_vat_is_rounded_once_per_order_and_rate_and_spread_over_its_lines(spread, case):
    lines = spread(case, "line_number, line_net_amount", "core.fct_order_items")

    assert [net for _, net in lines] == [D(net) for net in SPREAD[case][1]]
    assert spread(case, "items_net_amount") == [(sum(net for _, net in lines),)]
    assert spread(case, "sum(net_amount)", "core.fct_order_vat") == [(sum(net for _, net in lines),)]


# -- refunds -------------------------------------------------------------------------------------------

REFUNDED = 360 | 16
# lines and state; quantity, gross amount of the sale; pieces, gross, net, VAT that came back; on what basis
RETURNS: dict[str, tuple[list[Any], int, tuple[Any, ...]]] = {
    "all of it": (
        [line(1, "20.00", quantity=2, original_quantity=2, unit_gross_price="10.00")],
        REFUNDED,
        ("2", "20.00", "2", "20.00", "16.81", "3.19", "whole_order"),
    ),
    "one of three, priced as what is left": (
        [line(1, "20.00", quantity=2, original_quantity=3, unit_gross_price="10.00")],
        REFUNDED,
        ("3", "30.00", "1", "10.00", "8.40", "1.60", "returned_lines"),
    ),
    "one of three, priced as before": (
        [line(1, "30.00", quantity=2, original_quantity=3, unit_gross_price="10.00")],
        REFUNDED,
        ("3", "30.00", "1", "10.00", "8.40", "1.60", "returned_lines"),
    ),
    "all of one line, nothing of another": (
        [
            line(1, "0.00", quantity=0, original_quantity=3, unit_gross_price="10.00"),
            line(2, "5.35", quantity=1, original_quantity=1, unit_gross_price="5.35", tax_rate="7.000"),
        ],
        REFUNDED,
        ("4", "35.35", "3", "30.00", "25.21", "4.79", "returned_lines"),
    ),
    "a third of a price that no cent divides": (
        [line(1, "10.00", quantity=2, original_quantity=3, unit_gross_price="3.33")],
        REFUNDED,
        ("3", "10.00", "1", "3.33", "2.80", "0.53", "returned_lines"),
    ),
    "less than ordered, but nothing paid back": (
        [line(1, "20.00", quantity=2, original_quantity=3, unit_gross_price="10.00")],
        360,
        ("2", "20.00", None, None, None, None, None),
    ),
    "canceled as well": (
        [line(1, "20.00", quantity=2, original_quantity=2, unit_gross_price="10.00")],
        REFUNDED | 4,
        ("2", "20.00", "0", "0.00", "0.00", "0.00", "whole_order"),
    ),
}


def returns() -> dict[str, Any]:
    cases = {name: sale(items=lines, state=state) for name, (lines, state, _) in RETURNS.items()}
    cases |= {"never paid": sale(state=16), "not paid yet": sale(state=2)}
    return cases


@pytest.fixture
def returned(asked: Asked) -> Ask:
    return asked(returns)


@pytest.mark.parametrize("case", RETURNS)
def test_a_refund_is_of_the_returned_pieces_and_the_sale_of_all(returned, case):
    columns = (
        "quantity, items_gross_amount, refund_quantity, refund_amount, refund_net_amount, refund_vat_amount, "
        "refund_basis"
    )
    *figures, basis = RETURNS[case][2]

    assert returned(case, columns) == [(*map(amount, figures), basis)]
    assert returned(case, "sum(refund_quantity), sum(refund_amount)", "core.fct_order_items") == [
        tuple(map(amount, figures[2:4]))
    ]


def test_pieces_that_came_back_are_told_by_line(returned):
    case = "all of one line, nothing of another"

    assert returned(case, "line_number, returned_quantity", "core.fct_order_items") == [(1, D(3)), (2, D(0))]
    assert returned("less than ordered, but nothing paid back", "returned_quantity", "core.fct_order_items") == [
        (D(1),)
    ]


def test_an_order_that_came_back_and_was_never_paid_is_no_money_outstanding(returned):
    assert returned("not paid yet", "count(*)", "marts.open_orders") == [(1,)]
    assert returned("never paid", "count(*)", "marts.open_orders") == [(0,)]
    assert returned("never paid", "order_class, refund_amount") == [("open", D("0.00"))]


# -- discounts -----------------------------------------------------------------------------------------

# discount; prices after it: amount taken off; prices before it: amount taken off, amount left
LINE_DISCOUNTS: dict[str, tuple[Any, str | None, str | None, str]] = {
    "a share": (percent("0.2"), "2.50", "2.00", "8.00"),  # 12.50 less 20 % is 10.00
    "a third": (percent("0.3333333333"), "5.00", "3.33", "6.67"),
    "cash": (cash("0.5"), "0.50", "0.50", "9.50"),
    "everything": (percent("1"), None, "10.00", "0.00"),  # nothing tells what it was 100 % of
    "more than everything": (percent("1.5"), None, None, "10.00"),
    "an unknown kind": ({"type": "voucher", "amount": "3"}, None, None, "10.00"),
    "no kind": ({"amount": "3"}, None, None, "10.00"),
    "none": (None, "0.00", "0.00", "10.00"),
}
# lines, discount on the order, shares
ORDER_DISCOUNTS: dict[str, tuple[list[str], Any, list[str | None]]] = {
    "one cent is left over": (["10.00", "10.00", "10.00"], cash("10.00"), ["3.34", "3.33", "3.33"]),
    "by amount": (["10.00", "20.00", "0.00"], cash("1.00"), ["0.33", "0.67", "0.00"]),
    "less than a cent each": (["0.01", "0.01", "0.01"], cash("0.02"), ["0.01", "0.01", "0.00"]),
    "a negative line": (["10.00", "-5.00"], cash("1.00"), ["1.00", "0.00"]),
    "lines that cost nothing": (["0.00", "0.00"], cash("1.00"), [None, None]),
    "a share": (["19.99", "5.01"], percent("0.10"), ["2.22", "0.56"]),
    "too large for exact shares": (["40000000.00", "1.00"], cash("5.00"), ["5.00", "0.00"]),
}
# the line, discount on the order; prices after discounts, and before: of the line, of the order, and what is left
STACKED: dict[str, tuple[Any, Any, tuple[str | None, ...], tuple[str, ...]]] = {
    "list 100, sold 72": (
        line(1, "72.00", discount=percent("0.2")),
        percent("0.1"),
        ("20.00", "8.00", "72.00"),
        ("14.40", "5.76", "51.84"),
    ),
    "list 100 less 20 in cash, sold 72": (
        line(1, "72.00", discount=cash("20")),
        percent("0.1"),
        ("20.00", "8.00", "72.00"),
        ("20.00", "5.20", "46.80"),
    ),
    "more cash than the basket costs": (
        line(1, "8.00"),
        cash("10"),
        ("0.00", "10.00", "8.00"),
        ("0.00", "8.00", "0.00"),
    ),
    "more cash than the line costs": (
        line(1, "8.00", discount=cash("10")),
        cash("1"),
        ("10.00", "1.00", "8.00"),
        ("8.00", "0.00", "0.00"),
    ),
    "nothing is left": (
        line(1, "0.00", discount=percent("0.2")),
        cash("10"),
        (None, None, "0.00"),
        ("0.00", "0.00", "0.00"),
    ),
    "cash off a price of nothing": (line(1, "0.00", discount=cash("3")), None, (None, "0.00", "0.00"), ("0.00",) * 3),
}
TWO_LINES = [line(1, "10.00", discount=percent("0.2")), line(2, "10.00")]
FITS = {"20.00": "included", "16.00": "excluded", "18.00": "order_excluded", "3.33": "none"}


def discount_cases() -> dict[str, Any]:
    cases: dict[str, Any] = {
        f"line: {name}": sale(items=[line(discount=discount)]) for name, (discount, *_) in LINE_DISCOUNTS.items()
    }
    for name, (lines, discount, _) in ORDER_DISCOUNTS.items():
        cases[f"order: {name}"] = sale(
            items=[line(number, gross) for number, gross in enumerate(lines, 1)], discount=discount
        )
    for name, (item, discount, *_) in STACKED.items():
        cases[f"stacked: {name}"] = sale(items=[item], discount=discount)
    for paid in FITS:
        cases[f"paid {paid}"] = sale(
            items=TWO_LINES, discount=cash("2.00"), amount_paid=paid, payments=[payment(amount=paid)]
        )
    return cases


@pytest.fixture
def after_discount(asked: Asked) -> Ask:
    return asked(discount_cases)


@pytest.fixture(scope="module")
def before_discount(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    folder = tmp_path_factory.mktemp("before")
    return one_warehouse_of(discount_cases(), folder, Rules(prices_include_discount=False))


def amount(text: str | None) -> Decimal | None:
    return None if text is None else D(text)


@pytest.mark.parametrize("case", LINE_DISCOUNTS)
def test_prices_after_discount_stay_and_tell_what_was_taken_off(after_discount, case):
    taken_off = amount(LINE_DISCOUNTS[case][1])

    lines = after_discount(f"line: {case}", "discount_amount, line_gross_amount", "core.fct_order_items")

    assert lines == [(taken_off, D("10.00"))]
    assert after_discount(f"line: {case}", "item_discount_amount") == [(taken_off,)]


@pytest.mark.long
@pytest.mark.parametrize("case", LINE_DISCOUNTS)
def test_prices_before_discount_are_lowered_by_it(before_discount, case):
    _, _, taken_off, left = LINE_DISCOUNTS[case]
    columns = "discount_amount, line_gross_amount, published_gross_amount"

    lines = before_discount(f"line: {case}", columns, "core.fct_order_items")

    assert lines == [(amount(taken_off), D(left), D("10.00"))]
    assert before_discount(f"line: {case}", "items_gross_amount") == [(D(left),)]


@pytest.mark.parametrize("case", ORDER_DISCOUNTS)
def test_a_discount_on_the_order_is_shared_to_the_cent(after_discount, case):
    shares = [amount(share) for share in ORDER_DISCOUNTS[case][2]]

    found = after_discount(f"order: {case}", "line_number, order_discount_amount", "core.fct_order_items")

    assert [share for _, share in found] == shares
    known = [share for share in shares if share is not None]
    assert after_discount(f"order: {case}", "discount_amount") == [(sum(known) if known else None,)]


@pytest.mark.parametrize("case", STACKED)
def test_discounts_of_line_and_order_are_told_in_the_order_in_which_they_came_off(
    after_discount, before_discount, case
):
    columns = "discount_amount, order_discount_amount, line_gross_amount"

    for ask, told in ((after_discount, STACKED[case][2]), (before_discount, STACKED[case][3])):
        assert ask(f"stacked: {case}", columns, "core.fct_order_items") == [tuple(map(amount, told))]


@pytest.mark.parametrize("paid", FITS)
def test_an_order_tells_which_reading_of_its_discounts_fits_what_was_paid(after_discount, before_discount, paid):
    for ask in (after_discount, before_discount):
        assert ask(f"paid {paid}", "discount_fit") == [(FITS[paid],)]


def test_an_order_without_discount_fits_nothing(after_discount):
    columns = "discount_fit, discount_amount, item_discount_amount"

    assert after_discount("line: none", columns) == [(None, D("0.00"), D("0.00"))]


def test_prices_before_discount_make_turnover_and_balance_what_is_left(before_discount):
    columns = "items_gross_amount, items_net_amount, items_vat_amount, published_gross_amount, balance_class"

    assert before_discount("paid 16.00", columns) == [
        (D("16.00"), D("13.45"), D("2.55"), D("20.00"), "exact"),
    ]
    assert before_discount("paid 16.00", "line_number, line_gross_amount", "core.fct_order_items") == [
        (1, D("7.11")),
        (2, D("8.89")),
    ]


@pytest.fixture(scope="module")
def shares_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., list[Decimal]]]:
    """The model of shares alone, over tables of its own."""
    model = (sql_folder() / "core" / "order_discount_shares.sql").read_text("utf-8")
    with duckdb.connect() as connection:
        create_macros(connection, read_macros(sql_folder()))
        connection.execute("set variable prices_include_discount = true; create schema staging; create schema core")

        def shares(discount: Decimal, lines: list[Decimal]) -> list[Decimal]:
            connection.execute(
                "create or replace table core.order_discounts as select 'a' as account, 1 as order_id, "
                "1 as version_number, cast(? as decimal(18, 2)) as discount_amount",
                [discount],
            )
            connection.execute(
                "create or replace table staging.stg_order_items as select 'a' as account, 1 as order_id, "
                "1 as version_number, i as line_number, false as has_discount, "
                "null::varchar as discount_type, null::decimal(20, 10) as discount_value, "
                "cast(gross as decimal(18, 2)) as published_gross_amount "
                "from (select unnest(?::varchar[]) as gross, generate_subscripts(?::varchar[], 1) as i)",
                [list(map(str, lines))] * 2,
            )
            return [
                share
                for (share,) in connection.execute(
                    f"select order_discount_amount from ({model}) order by line_number"
                ).fetchall()
            ]

        yield shares


@given(
    discount=st.decimals(D("0.01"), 5000, places=2),
    lines=st.lists(st.decimals(0, 9999, places=2), min_size=1, max_size=12),
)
def test_shares_of_a_discount_add_up_and_are_within_a_cent_of_exact(shares_of, discount, lines):
    shares = shares_of(discount, lines)

    assert sum(shares) == discount
    total = sum(lines)
    for share, gross in zip(shares, lines, strict=True):
        if total:
            assert abs(share - discount * gross / total) < D("0.01")
        assert share == share.quantize(D("0.01"), ROUND_HALF_UP)
