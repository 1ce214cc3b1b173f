"""No data that JSON can bring breaks a claim of severity `fail`: those are about our own work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.landing_file import Load
from tests.support.odd_payloads import CANCELED, FIRST_DAY, MISSING, REFUNDED, odd_orders, ordinary, with_value
from tests.support.warehouse import Warehouse, item, order

D = Decimal
CLOSED = "2026-11-01T10:00:00+00:00"
LATER = "2026-11-03T10:00:00+00:00"


def noon(day: int) -> datetime:
    return datetime(2026, 11, day, 12, tzinfo=UTC)


def same_as_full(warehouse: Warehouse) -> bool:
    """Whether the tables are those of a full build."""
    before = warehouse.tables()
    warehouse.load(full=True)
    return warehouse.tables() == before


@pytest.fixture
def closed_day(tmp_path: Path) -> Warehouse:
    """Three orders of a day that a later load closed."""
    warehouse = Warehouse(tmp_path)
    warehouse.load(
        Load([order(1, CLOSED, [item("10.00")]), order(2, CLOSED, [item("20.00")], channel="shop")], noon(1))
    )
    warehouse.load(Load([order(9, LATER, [item("5.00")]), order(8, LATER, [item("5.00")], channel="shop")], noon(3)))
    return warehouse


def canceled_and_rung_up_again() -> Sequence[dict[str, Any]]:
    return [order(1, CLOSED, [item("10.00")], state=CANCELED), order(4, CLOSED, [item("10.00")])]


def swapped_channels() -> Sequence[dict[str, Any]]:
    again = [item("10.00")]
    return [order(1, CLOSED, again, channel="shop"), order(2, CLOSED, [item("20.00")])]


def swapped_orders() -> Sequence[dict[str, Any]]:
    return [order(1, CLOSED, [item("20.00")], channel="shop"), order(2, CLOSED, [item("10.00")])]


@pytest.mark.long
@pytest.mark.parametrize("changes", [canceled_and_rung_up_again, swapped_channels, swapped_orders])
def test_changes_of_a_closed_day_that_cancel_each_other_stay_visible(
    closed_day: Warehouse, changes: Callable[[], Sequence[dict[str, Any]]]
):
    closed_day.load(Load(changes(), noon(4)))

    listed = closed_day.rows(
        "select channel, changed_order_count, order_count from marts.restatements "
        "where business_date = '2026-11-01' order by channel"
    )
    orders = closed_day.rows(
        "select channel, count(distinct order_id), cast(sum(order_count) as bigint) from core.fct_bookings "
        "where business_date = '2026-11-01' and is_late group by channel order by channel"
    )
    assert listed == orders
    assert {(count, change) for _, count, change in listed} == {(2, 0)}
    assert same_as_full(closed_day)


@pytest.mark.long
def test_a_day_whose_changes_cancel_out_has_the_figures_that_it_had(closed_day: Warehouse):
    before = closed_day.rows("from marts.sales_by_day where business_date = '2026-11-01' order by all")

    closed_day.load(Load(canceled_and_rung_up_again(), noon(4)))

    rows = closed_day.rows("select order_count, gross_amount, changed_order_count, order_ids from marts.restatements")
    assert rows == [(0, D("0.00"), 2, "1 4")]
    after = closed_day.rows("from marts.sales_by_day where business_date = '2026-11-01' order by all")
    assert [row[:7] for row in after] == [row[:7] for row in before]


# dimension: (member of the order, what our own SQL writes where nothing was sent)
STAND_INS: dict[str, tuple[tuple[Any, ...], Any]] = {
    "product": (("basket", "items", 0, "product"), -1),
    "customer": (("customer", "id"), -1),
    "billing address": (("customer", "billing_address", "id"), -1),
    "shipping address": (("customer", "shipping_address", 0, "id"), -1),
    "user": (("user_id",), -1),
    "shipping service": (("shipment", "service", "id"), -1),
    "tax rate": (("basket", "items", 0, "tax_rate"), "-1.000"),
    "payment method: none": (("payments", 0, "payment_method"), "none"),
    "payment method: unknown": (("payments", 0, "payment_method"), "unknown"),
    "channel": (("channel",), "unknown"),
    "kind of discount": (("basket", "discount", "type"), "unknown"),
    "kind of a line's discount": (("basket", "items", 0, "discount", "type"), "unknown"),
    "receipt number": (("basket", "invoice_number"), "-1"),
    "date": (("completed_at",), "1970-01-01T00:00:00+00:00"),
    "state": (("state",), 0),
}


@pytest.mark.long
def test_what_stands_for_nothing_can_be_sent_beside_nothing(tmp_path: Path):
    """In every dimension: the stand-in as it is and as text, null, and no member at all; each on its own day."""
    warehouse = Warehouse(tmp_path)
    sent = []
    for number, (path, stand_in) in enumerate(STAND_INS.values()):
        values = (stand_in, str(stand_in), None, MISSING)
        for position, value in enumerate(values):
            one = ordinary(10 * number + position, FIRST_DAY + timedelta(days=number))
            sent.append(with_value(one, path, value))
        sent.append(ordinary(10 * number + 9, FIRST_DAY + timedelta(days=number)) | {"payments": []})

    warehouse.load(sent[::5])
    warehouse.load([one for number, one in enumerate(sent) if number % 5])
    warehouse.load([one | {"state": REFUNDED} for one in sent[3::5]] + [one | {"state": CANCELED} for one in sent[::5]])

    assert warehouse.value("select count(*) from core.fct_orders") == len(sent)
    assert same_as_full(warehouse)


def test_an_id_that_only_we_may_use_is_unknown_and_told(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    one = with_value(ordinary(1, FIRST_DAY), ("basket", "items", 0, "product"), -1)
    two = with_value(ordinary(2, FIRST_DAY), ("basket", "items", 0, "product"), None)
    other = with_value(with_value(ordinary(3, FIRST_DAY), ("user_id",), -1), ("shipment", "service", "id"), -1)

    warehouse.load([one, two, other])

    assert warehouse.rows("select order_count from marts.sales_by_product where product_id is null") == [(2,)]
    details = warehouse.rows(
        "select detail from ops.fct_findings where check_name = 'numbers_can_be_read' order by order_id, detail"
    )
    assert details == [('line 1: product is "-1"',), ('shipment.service.id is "-1"',), ('user_id is "-1"',)]


@pytest.mark.long
def test_a_number_that_is_only_a_prefix_fills_no_gap_of_its_circle(tmp_path: Path):
    warehouse = Warehouse(tmp_path)

    path = ("basket", "invoice_number")
    warehouse.load([with_value(ordinary(int(text, 36), FIRST_DAY), path, text) for text in ("X", "X5", "X8")])

    assert warehouse.rows("select receipt_prefix, missing_count, receipt_count from ops.receipt_circles") == [
        ("X", 2, 3)
    ]


@pytest.mark.long
def test_no_odd_member_breaks_a_claim_whenever_it_comes(tmp_path: Path):
    """Each member with each value: in the first build, in later ones, and as a change of the one before."""
    warehouse = Warehouse(tmp_path)
    orders = list(odd_orders())

    for version, day in enumerate((3, 4, 6)):
        warehouse.load(Load(list(odd_orders(version)), noon(day)))

    assert warehouse.value("select count(*) from core.fct_orders") == len(orders)
    assert warehouse.value("select max(version_count) from core.fct_orders") == 3
    assert [name for name, found in warehouse.checks().items() if found.is_failure] == []
    assert same_as_full(warehouse)
