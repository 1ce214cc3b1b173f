"""Each check of the facts finds the violation that is planted for it, and every check has one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.sql import test_checks_marts, test_odd_records
from tests.sql.test_checks_marts import Checked, checked, less, more, staged, twice  # noqa: F401
from tests.support.landing_file import FIRST_WATERMARK, Load
from tests.support.payloads import line, payment, sale
from tests.support.warehouse import Warehouse
from transforms.runner.models import sql_folder
from transforms.runner.project import load_project

FACTS = (
    "fct_orders",
    "fct_order_items",
    "fct_payments",
    "fct_shipments",
    "fct_order_versions",
    "fct_order_state_changes",
    "fct_order_vat",
    "bridge_order_states",
    "fct_bookings",
    "fct_payment_bookings",
)


def other(table: str, column: str, value: str, condition: str = "true") -> str:
    """One row says something else."""
    return f"update {table} set {column} = {value} where rowid = (select min(rowid) from {table} where {condition})"


ORDERS, ITEMS, PAYMENTS, SHIPMENTS, VERSIONS, CHANGES, VAT, BRIDGE, BOOKINGS, PAYMENT_BOOKINGS = (
    f"core.{fact}" for fact in FACTS
)
PLANTED = {f"{fact}_has_a_unique_key": [twice(f"core.{fact}")] for fact in FACTS} | {
    # facts equal staging
    "fct_orders_equals_staging": [
        less(ORDERS),
        more(ORDERS, "amount_paid"),
        more(ORDERS, "shipping_gross_amount", "shipping_gross_amount > 0"),
        more(ORDERS, "state"),
    ],
    "fct_order_items_equals_staging": [
        less(ITEMS),
        other(ITEMS, "published_gross_amount", "published_gross_amount + 0.01"),
        more(ITEMS, "quantity"),
        more(ITEMS, "unit_gross_amount"),
    ],
    "fct_payments_equals_staging": [less(PAYMENTS), other(PAYMENTS, "payment_amount", "null")],
    "fct_shipments_equals_staging": [less(SHIPMENTS), more(SHIPMENTS, "shipping_gross_amount")],
    "fct_order_versions_equals_staging": [
        less(VERSIONS),
        more(VERSIONS, "amount_paid"),
        more(VERSIONS, "shipping_gross_amount", "shipping_gross_amount > 0"),
        more(VERSIONS, "state"),
    ],
    "fct_orders_holds_every_order_read": [less(ORDERS), other(ORDERS, "content_hash", "'another'")],
    # orders
    "every_order_has_one_class": [
        other(ORDERS, "order_class", "'sale'", "is_canceled"),
        other(ORDERS, "order_class", "null"),
        other(ORDERS, "is_test_print", "true", "order_class = 'sale'"),
    ],
    "every_order_has_a_business_date": [other(VERSIONS, "business_date", "null")],
    "all_orders_are_in_one_currency": [
        other(ORDERS, "currency_code", "'CHF'"),
        other(ORDERS, "currency_code", "null"),
    ],
    "balance_classes_fit_their_amounts": [
        other(ORDERS, "balance_class", "null"),
        other(ORDERS, "balance_class", "'fine'"),
        more(ORDERS, "payments_amount", "balance_class = 'exact'"),
        other(ORDERS, "balance_class", "'unpaid'", "balance_class = 'exact'"),
        other(ORDERS, "balance_class", "'overpaid'", "balance_class = 'exact'"),
        other(ORDERS, "balance_class", "'rounding'", "balance_class = 'unpaid'"),
        other(ORDERS, "balance_class", "'unexplained'", "balance_class = 'exact'"),
    ],
    # facts agree with each other
    "facts_agree_with_their_order": [
        less(ORDERS),
        other(ITEMS, "order_class", "'open'", "order_class = 'sale'"),
        other(VAT, "business_date", "business_date + 1"),
        other(PAYMENTS, "channel", "'ebay'"),
        other(SHIPMENTS, "channel", "'ipad'"),
    ],
    "order_amounts_equal_their_lines": [
        less(ITEMS),
        other(ITEMS, "line_gross_amount", "line_gross_amount + 0.01"),
        more(ORDERS, "items_net_amount"),
        more(ORDERS, "items_vat_amount"),
        more(ORDERS, "quantity"),
        more(ORDERS, "item_count"),
        more(ORDERS, "published_gross_amount"),
    ],
    # the books
    "bookings_add_up_to_vat_of_orders": [
        less(BOOKINGS, "kind = 'sale'"),
        other(BOOKINGS, "gross_amount", "gross_amount + 0.01", "kind = 'sale'"),
        other(BOOKINGS, "vat_amount", "vat_amount + 0.01", "kind = 'sale'"),
        other(BOOKINGS, "net_amount", "net_amount + 0.01", "kind = 'sale'"),
        other(BOOKINGS, "tax_rate", "7.5", "kind = 'sale'"),
        other(BOOKINGS, "channel", "'ebay'", "kind = 'sale' and channel <> 'ebay'"),
        other(BOOKINGS, "business_date", "business_date + 1", "kind = 'sale'"),
        other(BOOKINGS, "kind", "'refund'", "kind = 'sale'"),
    ],
    "bookings_add_up_to_their_orders": [
        less(BOOKINGS, "kind = 'refund'"),
        other(BOOKINGS, "order_count", "order_count + 1"),
        other(BOOKINGS, "quantity", "quantity + 1", "kind = 'sale'"),
        other(BOOKINGS, "shipping_gross_amount", "shipping_gross_amount + 0.01"),
        other(BOOKINGS, "gross_amount", "gross_amount + 0.01", "kind = 'refund'"),
    ],
    "bookings_by_rate_equal_fct_order_vat": [
        *(
            other(BOOKINGS, column, f"{column} + 0.01", "kind = 'sale'")
            for column in ("gross_amount", "net_amount", "vat_amount", "shipping_net_amount", "shipping_vat_amount")
        ),
        other(BOOKINGS, "net_amount", "net_amount + 0.01", "kind = 'refund'"),
        other(BOOKINGS, "vat_amount", "vat_amount + 0.01", "kind = 'refund'"),
        other(BOOKINGS, "tax_rate", "16", "kind = 'sale'"),
    ],
    "payment_bookings_add_up_to_payments": [
        less(PAYMENT_BOOKINGS, "kind = 'sale' and payment_count > 0"),
        other(PAYMENT_BOOKINGS, "payment_amount", "payment_amount + 0.01", "kind = 'sale'"),
        other(PAYMENT_BOOKINGS, "payment_count", "payment_count + 1", "kind = 'sale'"),
        other(PAYMENT_BOOKINGS, "payment_method", "'9'", "kind = 'sale' and payment_count > 0"),
        other(PAYMENT_BOOKINGS, "paid_date", "paid_date + 1", "kind = 'sale' and payment_count > 0"),
    ],
    "refunds_are_paid_back_as_booked": [
        less(PAYMENT_BOOKINGS, "kind = 'refund'"),
        other(PAYMENT_BOOKINGS, "payment_amount", "payment_amount + 0.01", "kind = 'refund'"),
        other(PAYMENT_BOOKINGS, "booking_date", "booking_date + 1", "kind = 'refund' and booking_date is not null"),
    ],
    "bookings_lead_to_every_version": [
        other(BOOKINGS, "observed_until_at", "observed_until_at + interval 1 second"),
        other(BOOKINGS, "version_number", "version_number + 1", "version_number = 1 and kind = 'sale'"),
    ],
    "no_booking_falls_on_a_closed_day": [
        f"update {BOOKINGS} set booking_date = business_date where is_late",
        f"update {PAYMENT_BOOKINGS} set booking_date = paid_date where is_late",
    ],
    "order_amounts_equal_their_payments": [
        less(PAYMENTS),
        other(PAYMENTS, "payment_amount", "payment_amount + 0.01"),
        more(ORDERS, "payment_count"),
    ],
    "order_vat_equals_its_lines": [
        less(VAT),
        less(ITEMS),
        other(VAT, "tax_rate", "7.5"),
        other(VAT, "gross_amount", "gross_amount + 0.01"),
        more(VAT, "net_amount"),
        more(VAT, "vat_amount"),
        more(VAT, "line_count"),
    ],
    "lines_split_into_net_and_vat": [
        other(ITEMS, "line_net_amount", "line_net_amount + 0.01"),
        other(ITEMS, "line_vat_amount", "null"),
        (
            "update core.fct_order_items set line_net_amount = line_net_amount + 0.02, "
            "line_vat_amount = line_vat_amount - 0.02 where tax_rate = 19"
        ),
    ],
    "vat_is_rounded_once": [
        other(VAT, "vat_amount", "vat_amount + 0.01"),
        other(VAT, "shipping_vat_amount", "shipping_vat_amount + 0.01"),
        f"update {VAT} set net_amount = net_amount + 0.01, vat_amount = vat_amount - 0.01 where tax_rate = 19",
        (
            f"update {VAT} set shipping_net_amount = shipping_net_amount + 0.01, "
            "shipping_vat_amount = shipping_vat_amount - 0.01 where tax_rate = 19 and shipping_gross_amount > 0"
        ),
    ],
    "lines_bear_their_discounts_once": [
        other(ITEMS, "line_gross_amount", "line_gross_amount - discount_amount", "discount_amount > 0"),
        other(ITEMS, "line_gross_amount", "line_gross_amount + 0.01"),
    ],
    "discount_shares_add_up_to_the_discount": [
        other(ITEMS, "order_discount_amount", "order_discount_amount + 0.01", "order_discount_amount > 0"),
        other(ORDERS, "discount_amount", "0", "discount_amount > 0"),
    ],
    # history
    "versions_follow_each_other_without_a_gap": [
        other(VERSIONS, "valid_to", "valid_to - interval 1 second", "valid_to is not null"),
        other(VERSIONS, "valid_to", "valid_from + interval 1 day", "valid_to is null"),
        other(VERSIONS, "is_latest", "false", "is_latest"),
        more(VERSIONS, "version_number"),
        less(VERSIONS, "not is_latest"),
    ],
    "the_latest_version_is_the_order": [
        less(VERSIONS, "is_latest"),
        *(
            other(VERSIONS, column, value, "is_latest")
            for column, value in {
                "content_hash": "'another'",
                "valid_from": "valid_from - interval 1 second",
                "state": "1",
                "channel": "'ece'",
                "order_class": "'test'",
                "business_date": "business_date + 1",
                "quantity": "quantity + 1",
                "items_gross_amount": "items_gross_amount + 0.01",
                "items_net_amount": "items_net_amount + 0.01",
                "items_vat_amount": "items_vat_amount + 0.01",
                "shipping_gross_amount": "-1",
                "amount_paid": "null",
            }.items()
        ),
        more(ORDERS, "version_count"),
    ],
    "versions_come_from_known_loads": [
        other(VERSIONS, "load_id", "'another'"),
        "delete from ops.loads",
    ],
    # states
    "state_bits_add_up_to_the_state": [
        less(BRIDGE),
        other(BRIDGE, "state_bit", "512"),
        f"insert into {BRIDGE} select account, order_id, null from {ORDERS} limit 1",
        other(ORDERS, "state", "0", "state > 0"),
    ],
    "state_changes_add_up_to_the_state": [
        less(CHANGES),
        other(CHANGES, "change", "'cleared'", "change = 'set'"),
        other(ORDERS, "state", "null", "state > 0"),
    ],
}
CASES = [
    pytest.param(name, statement, id=f"{name} {number}")
    for name, statements in PLANTED.items()
    for number, statement in enumerate(statements, 1)
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A few orders that fill every fact."""
    warehouse = Warehouse(tmp_path_factory.mktemp("shop"))
    discounted = sale(
        2,
        items=[
            line(3, "8.00", discount={"type": "percent", "amount": "0.2"}),
            line(4, "2.00", tax_rate="7.000", price="1.8691588785"),
        ],
        discount={"type": "cash", "amount": "1.00"},
    )
    shipped = sale(
        3,
        channel="shop",
        amount_paid="14.90",
        payments=[payment(3, "14.90", payment_method="4")],
        shipment={"id": 1, "name": "DHL", "cost": "4.9000000000", "service": {"id": 5, "name": "DHL"}},
    )
    unpaid = sale(4, state=2, payments=[], invoice_number="")
    warehouse.load(
        [sale(1), discounted, shipped, unpaid, sale(5)],
        Load([sale(5, state=364), sale(1, state=376)], watermark=FIRST_WATERMARK + timedelta(days=1)),
    )
    return warehouse


@pytest.mark.parametrize(("name", "statement"), CASES)
def test_a_planted_violation_is_found(checked: Checked, name: str, statement: str) -> None:  # noqa: F811
    assert checked.failing_rows(name) == 0

    ((changed_rows,),) = checked.connection.execute(statement).fetchall()

    assert changed_rows > 0
    assert checked.failing_rows(name) > 0


def test_every_check_has_a_planted_violation() -> None:
    records = (test_odd_records.ORDERS, test_odd_records.LINES, test_odd_records.PAYMENTS)
    found_in_odd_records = {case[1][0] for cases in records for case in cases.values() if case[1]}
    planted = set(PLANTED) | set(test_checks_marts.PLANTED) | found_in_odd_records

    assert {check.name for check in load_project(sql_folder()).checks} == planted
