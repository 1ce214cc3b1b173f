"""Orders that are odd but readable: typed as far as they go, counted as findings, never in the way."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support.payloads import Ask, line, one_warehouse_of, payment, sale

D = Decimal
FINDINGS = "ops.fct_findings"
LARGEST = "9999999999999999.99"


def text_of(order: dict[str, Any], old: str, new: str) -> str:
    """The order's payload with a part replaced, also by what `json` would not write."""
    payload = json.dumps(order)
    assert old in payload
    return payload.replace(old, new, 1)


def deep(levels: int) -> Any:
    nested: Any = 1
    for _ in range(levels):
        nested = [nested]
    return nested


# name: (order, finding or None, columns of fct_orders, their values)
ORDERS: dict[str, tuple[Any, tuple[str, str] | None, str, tuple[Any, ...]]] = {
    "amount with an exponent": (
        sale(amount_paid="1E+1"),
        None,
        "amount_paid, balance_class",
        (D("10.00"), "exact"),
    ),
    "amount of nothing": (sale(amount_paid="0E-10"), None, "amount_paid", (D("0.00"),)),
    "shipping of no goods": (
        sale(
            items=[],
            payments=[payment(amount="4.90")],
            amount_paid="4.90",
            shipment={"id": 1, "name": "DHL", "cost": "4.90", "service": None},
        ),
        ("shipping_bears_the_vat_of_goods", "shipment.cost is 4.90, but no line has a VAT rate"),
        "shipping_gross_amount, shipping_net_amount, shipping_vat_amount, balance_class",
        (D("4.90"), D("4.90"), D("0.00"), "exact"),
    ),
    "amount as a JSON number": (sale(amount_paid=10.0), None, "amount_paid", (D("10.00"),)),
    "amount as a whole number": (sale(amount_paid=10), None, "amount_paid", (D("10.00"),)),
    "amount with sub-cent digits": (
        sale(amount_paid="10.0050000000"),
        ("amounts_are_whole_cents", 'amount_paid is "10.0050000000"'),
        "amount_paid",
        (D("10.01"),),
    ),
    "negative amount with sub-cent digits": (
        sale(amount_paid="-10.005"),
        ("values_are_not_negative", "amount_paid is -10.01"),
        "amount_paid",
        (D("-10.01"),),
    ),
    "amount that is text": (
        sale(amount_paid="ten"),
        ("numbers_can_be_read", 'amount_paid is "ten"'),
        "amount_paid",
        (None,),
    ),
    "amount with a comma": (
        sale(amount_paid="10,00"),
        ("numbers_can_be_read", 'amount_paid is "10,00"'),
        "amount_paid",
        (None,),
    ),
    "amount that is an object": (
        sale(amount_paid={"value": 1}),
        ("numbers_can_be_read", 'amount_paid is "{"value":1}"'),
        "amount_paid",
        (None,),
    ),
    "amount that no type holds": (
        sale(amount_paid="1E+300"),
        ("numbers_can_be_read", 'amount_paid is "1E+300"'),
        "amount_paid",
        (None,),
    ),
    "amount that is no number": (
        text_of(sale(), '"10.0000000000"', "NaN"),
        ("numbers_can_be_read", 'amount_paid is "NaN"'),
        "amount_paid",
        (None,),
    ),
    "amount that is infinite": (
        text_of(sale(), '"10.0000000000"', "-Infinity"),
        ("numbers_can_be_read", 'amount_paid is "-Infinity"'),
        "amount_paid",
        (None,),
    ),
    "amount that is missing": (
        {name: value for name, value in sale().items() if name != "amount_paid"},
        None,
        "amount_paid, balance_class",
        (None, "unexplained"),
    ),
    "amount that is empty": (sale(amount_paid=""), None, "amount_paid", (None,)),
    "largest amount": (
        sale(amount_paid=LARGEST),
        None,
        "amount_paid",
        (D("9999999999999999.99"),),
    ),
    "state as text": (sale(state="0360"), None, "state, order_class", (360, "sale")),
    "state that is no number": (
        sale(state="paid"),
        ("numbers_can_be_read", 'state is "paid"'),
        "state, order_class, is_paid",
        (None, "open", False),
    ),
    "state of 63 bits": (
        sale(state=2**62),
        ("numbers_can_be_read", f'state is "{2**62}"'),
        "state",
        (None,),
    ),
    "negative state": (sale(state=-1), ("numbers_can_be_read", 'state is "-1"'), "state", (None,)),
    "no state": (sale(state=None), ("states_are_known", "state is missing"), "order_class", ("open",)),
    "unknown state bit": (
        sale(state=360 | 2048),
        ("states_are_known", "state has the bit 2048"),
        "state, order_class",
        (2408, "sale"),
    ),
    "unknown channel": (
        sale(channel="kiosk"),
        ("channels_are_known", 'channel is "kiosk"'),
        "channel",
        ("kiosk",),
    ),
    "no channel": (sale(channel=None), ("channels_are_known", 'channel is "unknown"'), "channel", ("unknown",)),
    "date of zeros": (
        sale(completed_at="0000-00-00"),
        ("times_can_be_read", 'completed_at is "0000-00-00"'),
        "completed_at, cast(business_date as varchar)",
        (None, "2026-10-20"),
    ),
    "empty date": (
        sale(completed_at=""),
        ("orders_have_their_times", "no completed_at; booked on the day it was added"),
        "completed_at",
        (None,),
    ),
    "date as a number": (
        sale(time_added=1512345678),
        ("times_can_be_read", 'time_added is "1512345678"'),
        "ordered_at",
        (None,),
    ),
    "date in 1970": (
        sale(time_added="1970-01-01T00:00:00Z"),
        ("times_can_be_read", 'time_added is "1970-01-01T00:00:00Z"'),
        "ordered_at",
        (None,),
    ),
    "date without end": (
        sale(time_added="infinity"),
        ("times_can_be_read", 'time_added is "infinity"'),
        "ordered_at",
        (None,),
    ),
    "no date at all": (
        sale(time_added=None, completed_at=None),
        ("orders_have_their_times", "no time; booked on the day it was first seen"),
        "cast(business_date as varchar)",
        ("2026-11-01",),
    ),
    "closed without a number": (
        sale(invoice_number=""),
        ("closed_sales_have_a_receipt_number", "no invoice_number"),
        "invoice_number",
        (None,),
    ),
    "basket that is a number": (
        sale(basket=19664038),
        ("parts_of_orders_have_their_shape", "basket.items is missing or no list"),
        "item_count, items_gross_amount",
        (0, D("0.00")),
    ),
    "no basket": (
        {name: value for name, value in sale().items() if name != "basket"},
        ("parts_of_orders_have_their_shape", "basket is missing"),
        "item_count",
        (0,),
    ),
    "items that are text": (
        sale(items="none"),
        ("parts_of_orders_have_their_shape", "basket.items is missing or no list"),
        "item_count",
        (0,),
    ),
    "items as an object": (
        sale(items={"1": line()}),
        ("parts_of_orders_have_their_shape", "basket.items is missing or no list"),
        "item_count",
        (0,),
    ),
    "items that are none": (sale(items=[]), None, "item_count, items_gross_amount", (0, D("0.00"))),
    "payments that are null": (
        sale(payments=None),
        ("parts_of_orders_have_their_shape", "payments is missing or no list"),
        "payment_count, payments_amount",
        (0, D("0.00")),
    ),
    "payment that is null": (
        sale(payments=[None, payment()]),
        ("parts_of_orders_have_their_shape", "1 elements of payments say nothing"),
        "payment_count, payments_amount",
        (1, D("10.00")),
    ),
    "customer that is a number": (
        sale(customer=494),
        ("parts_of_orders_have_their_shape", "customer is no object or has no id"),
        "customer_id",
        (None,),
    ),
    "customer beyond 64 bits": (
        sale(customer={"id": 2**64}),
        ("numbers_can_be_read", f'customer.id is "{2**64}"'),
        "customer_id",
        (None,),
    ),
    "customer whose id is text": (sale(customer={"id": "494"}), None, "customer_id", (494,)),
    "customer with one address": (
        sale(customer={"id": 5, "shipping_address": {"id": 6}, "billing_address": [{"id": 7}]}),
        None,
        "customer_id, billing_address_id, shipping_address_id",
        (5, None, None),
    ),
    "shipment that is a list": (
        sale(shipment=[{"id": 1}]),
        ("parts_of_orders_have_their_shape", "shipment is no object or says nothing"),
        "shipping_gross_amount, balance_class",
        (None, "exact"),
    ),
    "discount that is a number": (
        sale(discount=0.5),
        ("parts_of_orders_have_their_shape", "basket.discount is no object or says nothing"),
        "discount_amount, discount_type",
        (D("0.00"), None),
    ),
    "receipt that is text": (
        sale(receipt="http://shop/1.pdf"),
        ("parts_of_orders_have_their_shape", "basket.receipt is no object or has no pdf"),
        "receipt_pdf_url",
        (None,),
    ),
    "new fields": (sale(loyalty={"points": 3}, tags=["a"]), None, "order_class, balance_class", ("sale", "exact")),
    "nested a thousand levels deep": (sale(loyalty=deep(900)), None, "balance_class", ("exact",)),
    "a note of 10 MB": (sale(note_internal="ä" * 5_000_000), None, "balance_class", ("exact",)),
    "NUL in a text": (sale(invoice_number="6\x0030"), None, "invoice_number", ("6\x0030",)),
    "an emoji": (sale(invoice_number="R🙂"), None, "invoice_number", ("R🙂",)),
    "lone surrogate": (
        text_of(sale(invoice_number="R@"), '"R@"', r'"R\ud83d-\ud83d\ude42\\ud800"'),
        ("payloads_can_be_read", "the payload is no JSON as sent; broken characters were replaced"),
        "invoice_number, items_gross_amount",
        ("R\ufffd-🙂\\ud800", D("10.00")),
    ),
    "line feed in a text": (
        text_of(sale(invoice_number="R@"), '"R@"', '"R\n1"'),
        ("payloads_can_be_read", "the payload is no JSON as sent; broken characters were replaced"),
        "invoice_number",
        ("R 1",),
    ),
    "no JSON": (
        '{"id": 1, "state": 360, "channel": "ipad", "basket": {',
        ("payloads_can_be_read", "the payload is no JSON"),
        "item_count, balance_class, amount_paid",
        (0, "unexplained", None),
    ),
    "line that is null": (
        sale(items=[None, line(), "text", [], {}]),
        ("parts_of_orders_have_their_shape", "4 elements of basket.items say nothing"),
        "item_count, items_gross_amount",
        (1, D("10.00")),
    ),
    "sum that no type holds": (
        sale(items=[line(1, LARGEST), line(2, LARGEST)]),
        ("sums_fit_their_type", "a sum over lines or payments is too large"),
        "item_count, items_gross_amount, balance_class",
        (2, None, "unexplained"),
    ),
    "every amount as large as can be": (
        sale(
            items=[line(1, LARGEST, quantity="999999999.999", discount={"type": "cash", "amount": LARGEST})],
            payments=[payment(amount=LARGEST)],
            shipment={"id": 1, "cost": LARGEST},
            discount={"type": "cash", "amount": "9999999999"},
            amount_paid="-9999999999999999.99",
        ),
        ("values_are_not_negative", "amount_paid is -9999999999999999.99"),
        "items_gross_amount, shipping_gross_amount, amount_paid, balance_class",
        (D(LARGEST), D(LARGEST), D("-9999999999999999.99"), "unexplained"),
    ),
    "every amount as small as can be": (
        sale(
            items=[line(1, "-" + LARGEST, quantity="-999999999.999")],
            payments=[payment(amount="-" + LARGEST)],
            shipment={"id": 1, "cost": "-" + LARGEST},
            amount_paid=LARGEST,
        ),
        ("values_are_not_negative", "line 1: gross_price is -9999999999999999.99"),
        "items_gross_amount, amount_paid, balance_class",
        (D("-9999999999999999.99"), D(LARGEST), "unexplained"),
    ),
    "discount of an unknown kind": (
        sale(discount={"type": "voucher", "amount": "3"}),
        ("discounts_can_be_told", 'basket.discount of kind "voucher" and value 3.0000000000'),
        "discount_type, discount_value, discount_amount",
        ("voucher", D("3.0000000000"), None),
    ),
    "discount without lines": (
        sale(items=[], discount={"type": "cash", "amount": "3"}),
        ("discounts_can_be_told", 'basket.discount of kind "cash" and value 3.0000000000'),
        "discount_amount",
        (None,),
    ),
    "negative discount": (
        sale(discount={"type": "cash", "amount": "-3"}),
        ("values_are_not_negative", "basket.discount.amount is -3.0000000000"),
        "discount_amount",
        (None,),
    ),
    "balance that nobody can explain": (
        sale(amount_paid="138.60", payments=[payment(amount="138.60")]),
        ("balances_are_explained", "items and shipping 10.00, payments 138.60, amount_paid 138.60"),
        "balance_class",
        ("unexplained",),
    ),
}

# name: (line, finding or None, columns of fct_order_items, their values)
LINES: dict[str, tuple[Any, tuple[str, str] | None, str, tuple[Any, ...]]] = {
    "quantity as text": (line(quantity="1.00"), None, "quantity", (D("1.000"),)),
    "quantity with an exponent": (
        line(1, "1500.00", quantity="1.5E+3", unit_gross_price="1.00", price="0.8403361345"),
        None,
        "quantity",
        (D("1500.000"),),
    ),
    "quantity that is text": (
        line(quantity="many"),
        ("numbers_can_be_read", 'line 1: quantity is "many"'),
        "quantity, line_gross_amount",
        (None, D("10.00")),
    ),
    "quantity that no type holds": (
        line(quantity=10**10),
        ("numbers_can_be_read", 'line 1: quantity is "10000000000"'),
        "quantity",
        (None,),
    ),
    "negative quantity": (
        line(1, "-10.00", quantity=-1),
        ("values_are_not_negative", "line 1: quantity is -1.000"),
        "quantity, line_gross_amount",
        (D("-1.000"), D("-10.00")),
    ),
    "rate that is text": (
        line(tax_rate="full"),
        ("numbers_can_be_read", 'line 1: tax_rate is "full"'),
        "tax_rate, line_gross_amount, line_net_amount, line_vat_amount",
        (None, D("10.00"), None, None),
    ),
    "negative rate": (
        line(tax_rate="-19"),
        ("numbers_can_be_read", 'line 1: tax_rate is "-19"'),
        "tax_rate",
        (None,),
    ),
    "rate that does not apply": (
        line(tax_rate="16.000", price="8.6206896552"),
        ("tax_rates_fit_their_date", "16.000 % on 2026-10-20"),
        "line_net_amount",
        (D("8.62"),),
    ),
    "product beyond 64 bits": (
        line(product=2**63),
        ("numbers_can_be_read", f'line 1: product is "{2**63}"'),
        "product_id, product_code",
        (None, "P1"),
    ),
    "product that is a fraction": (
        line(product="501.7"),
        ("numbers_can_be_read", 'line 1: product is "501.7"'),
        "product_id",
        (None,),
    ),
    "product as text": (line(product="501"), None, "product_id", (501,)),
    "product that is null": (line(product=None), None, "product_id", (None,)),
    "gross price as a JSON number": (line(gross_price=10.0), None, "line_gross_amount", (D("10.00"),)),
    "gross price with sub-cent digits": (
        line(gross_price="10.004"),
        ("amounts_are_whole_cents", 'line 1: gross_price is "10.004"'),
        "line_gross_amount, line_net_amount",
        (D("10.00"), D("8.40")),
    ),
    "gross price that is missing": (
        line(1, None, quantity=3, unit_gross_price="3.33"),
        ("lines_have_a_gross_price", "line 1: gross_price is missing"),
        "line_gross_amount",
        (D("9.99"),),
    ),
    "gross price that is text": (
        line(1, "10.00", gross_price="free"),
        ("numbers_can_be_read", 'line 1: gross_price is "free"'),
        "line_gross_amount, line_net_amount",
        (None, None),
    ),
    "gross price that does not fit": (
        line(1, "1E+16", unit_gross_price="10.00"),
        ("numbers_can_be_read", 'line 1: gross_price is "1E+16"'),
        "line_gross_amount",
        (None,),
    ),
    "unit price that does not multiply": (
        line(1, "69.90", unit_gross_price="6.99", quantity=9),
        ("lines_equal_unit_price_times_quantity", "line 1: 6.99 x 9.000 is not 69.90"),
        "line_gross_amount",
        (D("69.90"),),
    ),
    "pieces that are a cent off": (
        line(1, "20.96", unit_gross_price="6.99", quantity=3),
        ("lines_equal_unit_price_times_quantity", "line 1: 6.99 x 3.000 is not 20.96"),
        "line_gross_amount",
        (D("20.96"),),
    ),
    "weighed goods as rounding makes them": (
        line(1, "2.59", unit_gross_price="34.99", quantity="0.074", price="29.4033613445"),
        None,
        "line_gross_amount, quantity",
        (D("2.59"), D("0.074")),
    ),
    "measured goods whose unit price was rounded": (
        line(1, "15.64", unit_gross_price="1.25", quantity="12.5", price="1.0514285714"),
        None,
        "line_gross_amount, quantity",
        (D("15.64"), D("12.500")),
    ),
    "weighed goods further off than rounding": (
        line(1, "2.60", unit_gross_price="34.99", quantity="0.074"),
        ("lines_equal_unit_price_times_quantity", "line 1: 34.99 x 0.074 is not 2.60"),
        "line_gross_amount",
        (D("2.60"),),
    ),
    "net price at another rate": (
        line(price="9.3457943925"),
        ("unit_prices_fit_their_rate", "line 1: 9.3457943925 net at 19.000 % is not 10.00 gross"),
        "line_net_amount",
        (D("8.40"),),
    ),
    "no id": (
        line(id=None),
        ("ids_are_given_once", "1 x item without a readable id"),
        "item_id, line_number, line_gross_amount",
        (None, 1, D("10.00")),
    ),
    "discount of everything": (
        line(discount={"type": "percent", "amount": "1.0"}),
        ("discounts_can_be_told", 'line 1: discount of kind "percent" and value 1.0000000000'),
        "discount_amount, line_gross_amount",
        (None, D("10.00")),
    ),
}

# name: (payment, finding or None, columns of fct_payments, their values)
PAYMENTS: dict[str, tuple[Any, tuple[str, str] | None, str, tuple[Any, ...]]] = {
    "code as a number": (payment(payment_method=0), None, "payment_method", ("0",)),
    "unknown code": (
        payment(payment_method="42"),
        ("payment_methods_are_known", 'payment_method is "42"'),
        "payment_method, payment_amount",
        ("42", D("10.00")),
    ),
    "no code": (
        payment(payment_method=None),
        ("payment_methods_are_known", 'payment_method is "unknown"'),
        "payment_method",
        ("unknown",),
    ),
    "date of another form": (
        payment(date="20/10/2026"),
        ("times_can_be_read", 'payment date is "20/10/2026"'),
        "paid_at, cast(paid_date as varchar)",
        (None, "2026-10-20"),
    ),
    "date of version 10 that does not exist": (
        payment(date="31.02.2026 - 10:00"),
        ("times_can_be_read", 'payment date is "31.02.2026 - 10:00"'),
        "paid_at",
        (None,),
    ),
    "negative amount": (
        payment(amount="-10.00"),
        ("values_are_not_negative", "payment_amount is -10.00"),
        "payment_amount",
        (D("-10.00"),),
    ),
    "amount with sub-cent digits": (
        payment(amount="10.0049999999"),
        ("amounts_are_whole_cents", 'payment_amount is "10.0049999999"'),
        "payment_amount",
        (D("10.00"),),
    ),
    "numbers where text is due": (
        payment(transaction_id=123, transaction_duration=1.5, external_payment_method=["card"]),
        None,
        "transaction_id, transaction_duration, external_payment_method",
        ("123", "1.5", '["card"]'),
    ),
}


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """All odd records in one load, and one that is not odd."""
    cases = {f"order: {name}": case[0] for name, case in ORDERS.items()}
    cases |= {f"line: {name}": sale(items=[case[0]]) for name, case in LINES.items()}
    cases |= {f"payment: {name}": sale(payments=[case[0]]) for name, case in PAYMENTS.items()}
    cases["repeated ids"] = sale(items=[line(7), line(7)], payments=[payment(8), payment(8)], amount_paid="20")
    cases["even"] = sale()
    return one_warehouse_of(cases, tmp_path_factory.mktemp("odd"))


@pytest.mark.parametrize("case", ORDERS)
def test_an_odd_order_is_typed_as_far_as_it_goes(ask, case):
    _, finding, columns, values = ORDERS[case]

    assert ask(f"order: {case}", columns) == [values]
    assert_found(ask(f"order: {case}", "check_name, detail", FINDINGS), finding)


@pytest.mark.parametrize("case", LINES)
def test_an_odd_line_is_typed_as_far_as_it_goes(ask, case):
    _, finding, columns, values = LINES[case]

    assert ask(f"line: {case}", columns, "core.fct_order_items") == [values]
    assert_found(ask(f"line: {case}", "check_name, detail", FINDINGS), finding)


@pytest.mark.parametrize("case", PAYMENTS)
def test_an_odd_payment_is_typed_as_far_as_it_goes(ask, case):
    _, finding, columns, values = PAYMENTS[case]

    assert ask(f"payment: {case}", columns, "core.fct_payments") == [values]
    assert_found(ask(f"payment: {case}", "check_name, detail", FINDINGS), finding)


def test_lines_and_payments_that_share_an_id_are_all_kept(ask):
    assert ask("repeated ids", "item_count, items_gross_amount, payment_count") == [(2, D("20.00"), 2)]
    assert ask("repeated ids", "check_name, detail, amount", FINDINGS) == [
        ("ids_are_given_once", "item 7 occurs 2 times", D("20.00")),
        ("ids_are_given_once", "payment 8 occurs 2 times", D("20.00")),
    ]


def test_an_even_order_has_no_findings(ask):
    assert ask("even", "check_name, detail", FINDINGS) == []


def assert_found(found: list[tuple[Any, ...]], expected: tuple[str, str] | None) -> None:
    """The finding is there; where none is expected, at most one about the balance is."""
    if expected is None:
        assert {name for name, _ in found} <= {"balances_are_explained"}
    else:
        assert expected in found
