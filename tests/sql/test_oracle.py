"""The report tables equal an independent recomputation from the raw JSON, to the cent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import oracle
from tests.support.oracle_books import keep_books, reads_and_crawls
from tests.support.oracle_receipts import after_discounts
from tests.support.random_shop import random_loads
from tests.support.warehouse import Warehouse
from transforms.runner.build import Rules

DAYS = (
    "select business_date, channel, "
    "order_count, quantity, gross_amount, net_amount, vat_amount, shipping_gross_amount, shipping_net_amount, "
    "refund_amount, canceled_gross_amount from marts.sales_by_day"
)
VAT = (
    "select month, tax_rate, channel, gross_amount, net_amount, vat_amount, shipping_gross_amount, "
    "shipping_net_amount from marts.vat_by_month"
)
CLOSING = (
    "select booking_date, channel, payment_method, payment_count, payment_amount, refund_amount "
    "from marts.daily_closing"
)
BOOKINGS = (
    "select booking_date, channel, tax_rate, kind, order_count, quantity, gross_amount, shipping_gross_amount "
    "from marts.bookings_by_day"
)
PRODUCTS = (
    "select product_id, order_count, quantity, gross_amount, net_amount, vat_amount, "
    "first_sold_date, last_sold_date from marts.sales_by_product"
)
CUSTOMERS = (
    "select customer_id, first_order_date, last_order_date, order_count, gross_amount, days_since_last_order, "
    "recency_score, frequency_score, monetary_score from marts.customers"
)


@pytest.mark.cases(1)
@pytest.mark.parametrize(
    ("seed", "rules"),
    [
        pytest.param(11, Rules(), id="in Berlin"),
        pytest.param(12, Rules(day_starts_at=4), id="in Berlin, where the day starts at four"),
        pytest.param(13, Rules(timezone="America/New_York"), id="in New York"),
        pytest.param(14, Rules(prices_include_discount=False), id="where prices are before discounts"),
        pytest.param(15, Rules(prices_include_discount=False), id="where prices are before discounts, again"),
    ],
)
def test_reports_equal_the_recomputation_from_raw_json(tmp_path: Path, seed: int, rules: Rules) -> None:
    loads = random_loads(seed, loads=4)
    warehouse = Warehouse(tmp_path, rules)
    for load in loads:
        warehouse.load(load)
    if not rules.prices_include_discount:
        loads = [replace(load, orders=[after_discounts(order) for order in load.orders]) for load in loads]
    timezone, day_starts_at = rules.timezone, rules.day_starts_at
    shop = oracle.read_shop(loads, timezone, day_starts_at)
    books = keep_books(*reads_and_crawls(loads), timezone, day_starts_at)

    assert _keyed(warehouse, DAYS, 2) == oracle.sales_by_day(shop)
    assert _keyed(warehouse, VAT, 3) == oracle.vat_by_month(shop)
    assert _keyed(warehouse, CLOSING, 3) == books.closing()
    assert _keyed(warehouse, BOOKINGS, 4) == books.by_day()
    assert _keyed(warehouse, PRODUCTS, 1) == oracle.sales_by_product(shop)
    assert _keyed(warehouse, CUSTOMERS, 1) == oracle.customers(shop)


def test_the_random_shop_has_what_the_recomputation_is_about() -> None:
    shop = oracle.read_shop(random_loads(11, loads=4))
    sales = shop.orders[shop.orders["is_sale"]]
    local_days = {str(day) for day in sales["business_date"]}

    assert {"2025-03-30", "2025-10-26", "2025-12-31", "2026-01-01"} <= local_days
    assert sales["refund_date"].notna().any()
    assert (~shop.orders["is_sale"]).any()
    assert any(after_discounts(order)["basket"] != order["basket"] for order in random_loads(14)[0].orders)
    assert shop.payments.groupby("order_id").size().max() > 1
    assert sales["customer_id"].isna().any()
    assert shop.items["product_id"].isna().any()


def _keyed(warehouse: Warehouse, sql: str, width: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    found = warehouse.rows(sql)
    keyed = {row[:width]: row[width:] for row in found}
    assert len(keyed) == len(found)
    return keyed
