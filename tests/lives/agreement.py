"""What must hold in every file that readers see, said without our checks."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

EQUALS = {
    "orders are there once": (
        "select count(*) from core.fct_orders",
        "select count(distinct (account, order_id)) from core.fct_orders",
    ),
    "each order has one latest version": (
        "select count(*) from core.fct_orders",
        "select count(*) from core.fct_order_versions where is_latest",
    ),
    "items add up to orders": (
        "select coalesce(sum(items_gross_amount), 0) from core.fct_orders",
        "select coalesce(sum(line_gross_amount), 0) from core.fct_order_items",
    ),
    "payments add up to orders": (
        "select coalesce(sum(payments_amount), 0) from core.fct_orders",
        "select coalesce(sum(payment_amount), 0) from core.fct_payments",
    ),
    "days add up to sales": (
        "select coalesce(sum(items_gross_amount), 0) from core.fct_orders where order_class = 'sale'",
        "select coalesce(sum(gross_amount), 0) from marts.sales_by_day",
    ),
    "closings add up to payments of sales": (
        "select coalesce(sum(payment_amount), 0) from core.fct_payments where order_class = 'sale'",
        "select coalesce(sum(payment_amount), 0) from marts.daily_closing",
    ),
    "books add up to sales less refunds": (
        "select coalesce(sum(items_gross_amount + coalesce(shipping_gross_amount, 0)), 0) "
        "- (select coalesce(sum(refund_amount), 0) from marts.refunds) from core.fct_orders where order_class = 'sale'",
        "select coalesce(sum(gross_amount), 0) from marts.vat_return",
    ),
    "products add up to lines of sales": (
        "select coalesce(sum(line_gross_amount), 0) from core.fct_order_items where order_class = 'sale'",
        "select coalesce(sum(gross_amount), 0) from marts.sales_by_product",
    ),
}


def disagreements(warehouse: Path) -> list[str]:
    """Which of EQUALS do not hold in a published file, in words."""
    with closing(duckdb.connect()) as connection:
        connection.execute(f"attach '{warehouse}' as published (read_only); use published")
        found = [(name, *(_value(connection, sql) for sql in sides)) for name, sides in EQUALS.items()]
    return [f"{name}: {left} and {right}" for name, left, right in found if left != right]


def _value(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    ((value,),) = connection.execute(sql).fetchall()
    return value
